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
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.RawTaggedField;

/**
 * Writes what Kafka's codec, generated from its own message definitions, makes of messages: into the first file frames,
 * every stable version of the APIs named below, request and response; into the second records of the coordinators'
 * topics. Each in several fillings, whose values come from a counter, so that every run gives the same. Each line holds
 * the bytes as hex and, as JSON, what was put into them.
 */
public class GoldenFrames {
    static final int[] KEYS = {
        0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 32, 33, 35, 36, 37,
        42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 55, 57, 60, 61, 65, 66, 68, 69, 75
    };
    static final String[] PAYLOADS = {"ConsumerProtocolSubscription", "ConsumerProtocolAssignment"};
    static final String GROUP = "org.apache.kafka.coordinator.group.generated.";
    static final String TRANSACTION = "org.apache.kafka.coordinator.transaction.generated.";
    static final String[] RECORDS = {
        TRANSACTION + "TransactionLog", GROUP + "LegacyOffsetCommit", GROUP + "OffsetCommit", GROUP + "GroupMetadata",
        GROUP + "ConsumerGroupMetadata", GROUP + "ConsumerGroupPartitionMetadata", GROUP + "ConsumerGroupMemberMetadata",
        GROUP + "ConsumerGroupTargetAssignmentMetadata", GROUP + "ConsumerGroupTargetAssignmentMember",
        GROUP + "ConsumerGroupCurrentMemberAssignment", GROUP + "ConsumerGroupRegularExpression"
    };
    static final ObjectMapper JSON =
        JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).build();
    static final HexFormat HEX = HexFormat.of();

    /**
     * FULL: nothing is default. NULLS: null where allowed. EMPTY: no elements, no text. UNKNOWN: a tag of the future.
     * LIMITS: the least and greatest numbers. DEFAULTS: one of everything as Kafka's constructors make it, and in JSON
     * only the lists with their objects.
     */
    enum Filling { FULL, NULLS, EMPTY, UNKNOWN, LIMITS, DEFAULTS }

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
        write(args[0], lines);
        List<String> records = new ArrayList<>();
        for (String name : RECORDS) {
            record(records, name + "Key");
            record(records, name + "Value");
        }
        write(args[1], records);
    }

    static void write(String file, List<String> lines) throws Exception {
        Files.writeString(Path.of(file), "[\n" + String.join(",\n", lines) + "\n]\n");
    }

    static void frame(List<String> lines, ApiKeys api, short version, Filling filling, String kind) throws Exception {
        boolean isRequest = kind.equals("Request");
        short headerVersion = isRequest ? api.requestHeaderVersion(version) : api.responseHeaderVersion(version);
        boolean isFlexible = api.requestHeaderVersion(version) >= 2;
        if (filling == Filling.UNKNOWN && !isFlexible) return;
        String name = api.name + kind;
        GoldenFrames fill = new GoldenFrames(filling, version, api.id * 100 + version);
        ObjectNode body = JSON.createObjectNode();
        Message message = fill.message("org.apache.kafka.common.message." + name + "Data", name, body);
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
        ObjectNode body = JSON.createObjectNode();
        Message message = new GoldenFrames(filling, version, 7000 + version)
            .message("org.apache.kafka.common.message." + name, name, body);
        ObjectNode line = JSON.createObjectNode();
        line.put("payload", name).put("version", version).put("filling", filling.name().toLowerCase());
        line.put("hex", HEX.formatHex(ByteBuffer.allocate(2).putShort(version).array()) + HEX.formatHex(bytes(message, version)));
        line.set("body", body);
        lines.add(JSON.writeValueAsString(line));
    }

    /** A key with its type in front, which has one version, or a value in every version, with that in front. */
    static void record(List<String> lines, String className) throws Exception {
        boolean isKey = className.endsWith("Key");
        String name = className.substring(className.lastIndexOf('.') + 1);
        ApiMessage any = (ApiMessage) Class.forName(className).getConstructor().newInstance();
        for (short version = any.lowestSupportedVersion(); version <= any.highestSupportedVersion(); version++) {
            for (Filling filling : Filling.values()) {
                GoldenFrames fill = new GoldenFrames(filling, version, 6000 + any.apiKey() * 100 + version);
                ObjectNode body = JSON.createObjectNode();
                ApiMessage message = (ApiMessage) fill.message(className, name, body);
                if (filling == Filling.UNKNOWN) {
                    if (!isFlexible(name, version)) continue;
                    message.unknownTaggedFields().add(new RawTaggedField(9000, new byte[] {1, 2, 3}));
                }
                ObjectNode line = JSON.createObjectNode();
                line.put("record", name).put("type", any.apiKey()).put("version", version);
                line.put("filling", filling.name().toLowerCase());
                line.put("hex", HEX.formatHex(isKey
                    ? MessageUtil.toCoordinatorTypePrefixedBytes(message)
                    : MessageUtil.toVersionPrefixedBytes(version, message)));
                // JavaScript's JSON would lose its last digits.
                if (body.has("metadataHash")) body.put("metadataHash", body.get("metadataHash").asText());
                line.set("body", body);
                lines.add(JSON.writeValueAsString(line));
            }
        }
    }

    static boolean isFlexible(String name, short version) throws Exception {
        String versions = definition(name).get("flexibleVersions").asText();
        return new GoldenFrames(Filling.EMPTY, version, 0).covers(versions);
    }

    static byte[] bytes(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        return buffer.array();
    }

    static JsonNode definition(String name) throws Exception {
        try (InputStream in = ApiKeys.class.getResourceAsStream("/common/message/" + name + ".json")) {
            return JSON.readTree(in);
        }
    }

    /** A message of that class, filled; `body` takes what is put into it. */
    Message message(String className, String name, ObjectNode body) throws Exception {
        JsonNode definition = definition(name);
        for (JsonNode struct : definition.path("commonStructs")) {
            commonStructs.put(struct.get("name").asText(), struct.get("fields"));
        }
        if (filling == Filling.DEFAULTS) {
            Message message = (Message) Class.forName(className).getConstructor().newInstance();
            defaults(className, message, definition.get("fields"), body);
            return message;
        }
        body.setAll(struct(definition.get("fields")));
        Method read = Class.forName(className + "JsonConverter").getMethod("read", JsonNode.class, short.class);
        return (Message) read.invoke(null, body, (short) version);
    }

    /** Puts one element into every list of objects, deeply; all else stays as the constructors made it. */
    @SuppressWarnings("unchecked")
    void defaults(String className, Object into, JsonNode fields, ObjectNode body) throws Exception {
        for (JsonNode field : fields) {
            String type = field.get("type").asText();
            String name = nameOf(field);
            boolean isList = type.startsWith("[]");
            JsonNode inner = inner(field, isList ? type.substring(2) : type);
            if (inner == null || !covers(versionsOf(field)) || field.has("tag")) continue;
            Object now = into.getClass().getMethod(name).invoke(into);
            if (now == null) continue;
            ObjectNode element = JSON.createObjectNode();
            if (isList) {
                Object made = Class.forName(className + "$" + type.substring(2)).getConstructor().newInstance();
                defaults(className, made, inner, element);
                ((Collection<Object>) now).add(made);
                body.set(name, JSON.createArrayNode().add(element));
            } else {
                defaults(className, now, inner, element);
                body.set(name, element);
            }
        }
    }

    /** The fields of a struct type; null for other types. */
    JsonNode inner(JsonNode field, String type) {
        return field.has("fields") ? field.get("fields") : commonStructs.get(type);
    }

    static String nameOf(JsonNode field) {
        String name = field.get("name").asText();
        return Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** A field with a tag may leave out what its tag says already. */
    static String versionsOf(JsonNode field) {
        return field.has("versions") ? field.get("versions").asText() : field.get("taggedVersions").asText();
    }

    ObjectNode struct(JsonNode fields) {
        ObjectNode out = JSON.createObjectNode();
        boolean isTagged = filling == Filling.FULL || filling == Filling.LIMITS;
        for (JsonNode field : fields) {
            if (!covers(versionsOf(field)) || (field.has("tag") && !isTagged)) continue;
            out.set(nameOf(field), value(field, field.get("type").asText()));
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
            case "int8":
            case "int16":
            case "uint16":
            case "int32":
            case "int64": return number(field, type, n);
            case "float64": return JSON.getNodeFactory().numberNode(isEmpty ? 0.0 : isLimits() ? 1.7976931348623157e308 : n / 8.0);
            case "string": return JSON.getNodeFactory().textNode(isEmpty ? "" : text(n));
            case "uuid": return JSON.getNodeFactory().textNode((isEmpty ? Uuid.ZERO_UUID : new Uuid(n * 0x123456789abcdefL, -n * 0xfedcbaL)).toString());
            case "bytes":
            case "records": return JSON.getNodeFactory().textNode(Base64.getEncoder().encodeToString(binary(isEmpty ? 0 : 5 + n % 9)));
            default: return struct(inner(field, type));
        }
    }

    JsonNode number(JsonNode field, String type, int n) {
        boolean isEven = n % 2 == 0;
        if (filling == Filling.EMPTY) return whole(type, 0);
        if (isLimits()) {
            // Beyond 53 bits a number loses digits in JavaScript, and no count or time reaches there.
            if (field.get("name").asText().equals("MetadataHash")) return whole(type, Long.MIN_VALUE + n);
            int bits = type.equals("int64") ? 54 : type.equals("uint16") ? 17 : Integer.parseInt(type.substring(3));
            long most = (1L << (bits - 1)) - 1;
            return whole(type, isEven ? most : type.equals("uint16") ? 0 : type.equals("int64") ? -most : -most - 1);
        }
        switch (type) {
            case "int8": return whole(type, isEven ? n % 128 : -(n % 128) - 1);
            case "int16": return whole(type, isEven ? n * 7 % 32768 : -(n * 7 % 32768) - 1);
            case "uint16": return whole(type, n * 31 % 65536);
            case "int32": return whole(type, isEven ? n * 65537 : -n * 65537);
            default: return whole(type, isEven ? n * 1_000_000_007L * 1000 : -n * 4_294_967_297L);
        }
    }

    static JsonNode whole(String type, long value) {
        return type.equals("int64") ? JSON.getNodeFactory().numberNode(value) : JSON.getNodeFactory().numberNode((int) value);
    }

    boolean isLimits() {
        return filling == Filling.LIMITS;
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
