import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.RawTaggedField;

/**
 * Writes frames by the codec that Kafka generates from its own message definitions: every stable version of the APIs
 * named below, request and response, in four fillings. Values come from a counter, so that every run gives the same.
 * Each line holds the frame as hex and, as JSON, what was put into it.
 */
public class GoldenFrames {
    static final int[] KEYS = {0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 22, 23, 32, 37, 60};
    static final String[] PAYLOADS = {"ConsumerProtocolSubscription", "ConsumerProtocolAssignment"};
    static final ObjectMapper JSON =
        JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).build();
    static final HexFormat HEX = HexFormat.of();

    /** FULL: nothing is default. NULLS: null where allowed. EMPTY: no elements, no text. UNKNOWN: a tag of the future. */
    enum Filling { FULL, NULLS, EMPTY, UNKNOWN }

    final Filling filling;
    final int version;
    final Map<String, JsonNode> commonStructs = new HashMap<>();
    int counter;

    GoldenFrames(Filling filling, int version, int seed) {
        this.filling = filling;
        this.version = version;
        this.counter = seed;
    }

    public static void main(String[] args) throws Exception {
        List<String> lines = new ArrayList<>();
        for (int key : KEYS) {
            ApiKeys api = ApiKeys.forId(key);
            for (short version = api.oldestVersion(); version <= api.latestVersion(false); version++) {
                for (Filling filling : Filling.values()) {
                    frame(lines, api, version, filling, "Request");
                    frame(lines, api, version, filling, "Response");
                }
            }
        }
        for (String name : PAYLOADS) {
            for (short version = 0; version <= 3; version++) {
                for (Filling filling : List.of(Filling.FULL, Filling.NULLS, Filling.EMPTY)) payload(lines, name, version, filling);
            }
        }
        Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", lines) + "\n]\n");
    }

    static void frame(List<String> lines, ApiKeys api, short version, Filling filling, String kind) throws Exception {
        boolean isRequest = kind.equals("Request");
        short headerVersion = isRequest ? api.requestHeaderVersion(version) : api.responseHeaderVersion(version);
        boolean isFlexible = api.requestHeaderVersion(version) >= 2;
        if (filling == Filling.UNKNOWN && !isFlexible) return;
        String name = api.name + kind;
        GoldenFrames fill = new GoldenFrames(filling, version, api.id * 100 + version);
        ObjectNode body = fill.message(name);
        Message message = read(name + "Data", body, version);
        if (filling == Filling.UNKNOWN) message.unknownTaggedFields().add(new RawTaggedField(9000, new byte[] {1, 2, 3}));
        int correlationId = 0x01020304 + version;
        String clientId = filling == Filling.NULLS ? null : "client-é";
        Message header = isRequest
            ? new RequestHeaderData().setRequestApiKey(api.id).setRequestApiVersion(version).setClientId(clientId)
                .setCorrelationId(correlationId)
            : new ResponseHeaderData().setCorrelationId(correlationId);
        ObjectNode line = JSON.createObjectNode();
        line.put("api", api.id).put("version", version).put("kind", kind.toLowerCase()).put("filling", filling.name().toLowerCase());
        line.put("correlationId", correlationId);
        if (isRequest) line.put("clientId", clientId);
        byte[] head = bytes(header, headerVersion);
        byte[] rest = bytes(message, version);
        byte[] length = ByteBuffer.allocate(4).putInt(head.length + rest.length).array();
        line.put("hex", HEX.formatHex(length) + HEX.formatHex(head) + HEX.formatHex(rest));
        line.set("body", body);
        lines.add(JSON.writeValueAsString(line));
    }

    static void payload(List<String> lines, String name, short version, Filling filling) throws Exception {
        ObjectNode body = new GoldenFrames(filling, version, 7000 + version).message(name);
        Message message = read(name, body, version);
        ObjectNode line = JSON.createObjectNode();
        line.put("payload", name).put("version", version).put("filling", filling.name().toLowerCase());
        line.put("hex", HEX.formatHex(ByteBuffer.allocate(2).putShort(version).array()) + HEX.formatHex(bytes(message, version)));
        line.set("body", body);
        lines.add(JSON.writeValueAsString(line));
    }

    static Message read(String className, JsonNode body, short version) throws Exception {
        Class<?> converter = Class.forName("org.apache.kafka.common.message." + className + "JsonConverter");
        Method read = converter.getMethod("read", JsonNode.class, short.class);
        return (Message) read.invoke(null, body, version);
    }

    static byte[] bytes(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        return buffer.array();
    }

    ObjectNode message(String name) throws Exception {
        try (InputStream in = ApiKeys.class.getResourceAsStream("/common/message/" + name + ".json")) {
            JsonNode definition = JSON.readTree(in);
            for (JsonNode struct : definition.path("commonStructs")) {
                commonStructs.put(struct.get("name").asText(), struct.get("fields"));
            }
            return struct(definition.get("fields"));
        }
    }

    ObjectNode struct(JsonNode fields) {
        ObjectNode out = JSON.createObjectNode();
        for (JsonNode field : fields) {
            if (!covers(field.get("versions").asText())) continue;
            if (filling != Filling.FULL && field.has("tag")) continue;
            String name = field.get("name").asText();
            out.set(Character.toLowerCase(name.charAt(0)) + name.substring(1), value(field, field.get("type").asText()));
        }
        return out;
    }

    JsonNode value(JsonNode field, String type) {
        boolean isNullable = covers(field.path("nullableVersions").asText("none"));
        if (filling == Filling.NULLS && isNullable) return JSON.nullNode();
        if (type.startsWith("[]")) {
            ArrayNode out = JSON.createArrayNode();
            int count = filling == Filling.EMPTY ? 0 : filling == Filling.FULL ? 2 : 1;
            for (int i = 0; i < count; i++) out.add(element(field, type.substring(2)));
            return out;
        }
        return element(field, type);
    }

    JsonNode element(JsonNode field, String type) {
        int n = ++counter;
        boolean isEmpty = filling == Filling.EMPTY;
        switch (type) {
            case "bool": return JSON.getNodeFactory().booleanNode(!isEmpty && n % 3 != 0);
            case "int8": return JSON.getNodeFactory().numberNode(isEmpty ? 0 : n % 2 == 0 ? n % 128 : -(n % 128) - 1);
            case "int16": return JSON.getNodeFactory().numberNode(isEmpty ? 0 : n % 2 == 0 ? n * 7 % 32768 : -(n * 7 % 32768) - 1);
            case "int32": return JSON.getNodeFactory().numberNode(isEmpty ? 0 : n % 2 == 0 ? n * 65537 : -n * 65537);
            case "int64": return JSON.getNodeFactory().numberNode(isEmpty ? 0L : n % 2 == 0 ? n * 1_000_000_007L * 1000 : -n * 4_294_967_297L);
            case "string": return JSON.getNodeFactory().textNode(isEmpty ? "" : text(n));
            case "uuid": return JSON.getNodeFactory().textNode((isEmpty ? Uuid.ZERO_UUID : new Uuid(n * 0x123456789abcdefL, -n * 0xfedcbaL)).toString());
            case "bytes":
            case "records": return JSON.getNodeFactory().textNode(Base64.getEncoder().encodeToString(binary(isEmpty ? 0 : 5 + n % 9)));
            default: return struct(field.has("fields") ? field.get("fields") : commonStructs.get(type));
        }
    }

    /** Some longer than 127 bytes, so that their length takes two bytes as a varint. */
    String text(int n) {
        if (n % 11 == 0) return "long-" + "äbcdefghij".repeat(14) + n;
        return n % 4 == 0 ? "wörd-\uD83C\uDF0A-" + n : "text-" + n;
    }

    byte[] binary(int length) {
        byte[] out = new byte[length];
        for (int i = 0; i < length; i++) out[i] = (byte) (counter * 31 + i * 7);
        return out;
    }

    boolean covers(String versions) {
        if (versions.equals("none")) return false;
        if (versions.endsWith("+")) return version >= Integer.parseInt(versions.substring(0, versions.length() - 1));
        String[] ends = versions.split("-");
        return version >= Integer.parseInt(ends[0]) && version <= Integer.parseInt(ends[ends.length - 1]);
    }
}
