import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/** Writes record batches of magic 2 by Kafka's own MemoryRecords: one line each, hex and what is in them as JSON. */
public class GoldenBatches {
    static final ObjectMapper JSON = new ObjectMapper();
    static final HexFormat HEX = HexFormat.of();
    static final List<String> lines = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        for (CompressionType type : List.of(CompressionType.NONE, CompressionType.GZIP, CompressionType.SNAPPY, CompressionType.LZ4, CompressionType.ZSTD)) {
            Compression compression = Compression.of(type).build();
            add(type.name + ": varied records", varied(builder(compression, TimestampType.CREATE_TIME, 0, -1, -1, -1, false, false)));
            add(type.name + ": transactional, at an offset", varied(builder(compression, TimestampType.CREATE_TIME, 9_000_000_001L, 5_000_000_000L, 7, 2_147_483_640, true, false)));
            add(type.name + ": log append time", varied(builder(compression, TimestampType.LOG_APPEND_TIME, 3, 11, 0, 0, false, false)));
            add(type.name + ": large and repetitive", large(builder(compression, TimestampType.CREATE_TIME, 0, -1, -1, -1, false, false)));
        }
        for (ControlRecordType type : List.of(ControlRecordType.COMMIT, ControlRecordType.ABORT)) {
            add("marker: " + type.name().toLowerCase(), MemoryRecords.withEndTransactionMarker(41, 1_700_000_000_123L, 6, 4711, (short) 3, new EndTransactionMarker(type, 12)));
        }
        Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", lines) + "\n]\n");
    }

    static MemoryRecordsBuilder builder(Compression compression, TimestampType timestampType, long baseOffset, long producerId, int producerEpoch, int baseSequence, boolean isTransactional, boolean isControl) {
        return new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 16), RecordBatch.MAGIC_VALUE_V2, compression, timestampType, baseOffset, 1_700_000_999_999L, producerId, (short) producerEpoch, baseSequence, isTransactional, isControl, 17, 1 << 16);
    }

    static MemoryRecords varied(MemoryRecordsBuilder builder) {
        long time = 1_700_000_000_000L;
        builder.append(time, bytes("key"), bytes("value"), new Header[] {new RecordHeader("trace", bytes("abc")), new RecordHeader("näme", null), new RecordHeader("", bytes(""))});
        builder.append(time + 1, null, bytes("no key"), new Header[0]);
        builder.append(time - 5_000_000_000L, bytes("tombstone"), null, new Header[0]);
        builder.append(time + 90_000_000_000L, (byte[]) null, null, new Header[0]);
        builder.append(time + 2, bytes(""), bytes(""), new Header[0]);
        builder.append(time + 3, bytes("k".repeat(70)), bytes("v".repeat(300)), new Header[0]);
        return builder.build();
    }

    static MemoryRecords large(MemoryRecordsBuilder builder) {
        for (int i = 0; i < 150; i++) builder.append(1_700_000_000_000L + i * 40, bytes("key-" + i % 7), bytes("{\"number\":" + i + ",\"text\":\"the same in every record\"}"), new Header[0]);
        return builder.build();
    }

    static void add(String name, MemoryRecords records) throws Exception {
        MutableRecordBatch batch = records.batches().iterator().next();
        ObjectNode line = JSON.createObjectNode();
        line.put("name", name);
        ObjectNode header = line.putObject("header");
        header.put("baseOffset", batch.baseOffset()).put("lastOffset", batch.lastOffset()).put("leaderEpoch", batch.partitionLeaderEpoch());
        header.put("compression", batch.compressionType().name).put("timestampType", batch.timestampType() == TimestampType.CREATE_TIME ? "create" : "log-append");
        header.put("isTransactional", batch.isTransactional()).put("isControl", batch.isControlBatch());
        header.put("maxTimestampMs", batch.maxTimestamp()).put("producerId", batch.producerId()).put("producerEpoch", batch.producerEpoch());
        header.put("baseSequence", batch.baseSequence()).put("lastSequence", batch.lastSequence()).put("recordCount", batch.countOrNull());
        header.put("crc", batch.checksum()).put("sizeBytes", batch.sizeInBytes());
        ArrayNode list = line.putArray("records");
        for (Record record : batch) {
            ArrayNode entry = list.addArray();
            entry.add(record.offset()).add(record.timestamp()).add(hex(record.key())).add(hex(record.value()));
            ArrayNode headers = entry.addArray();
            for (Header one : record.headers()) headers.addArray().add(one.key()).add(one.value() == null ? null : HEX.formatHex(one.value()));
        }
        ByteBuffer buffer = records.buffer().duplicate();
        line.put("hex", hex(buffer));
        lines.add(JSON.writeValueAsString(line));
    }

    static String hex(ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] out = new byte[buffer.remaining()];
        buffer.duplicate().get(out);
        return HEX.formatHex(out);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
