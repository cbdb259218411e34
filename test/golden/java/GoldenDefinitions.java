import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.protocol.ApiKeys;

/**
 * Writes what bytes do not show of the message definitions in Kafka's clients jar: for each field of each API's messages
 * the versions in which it may be null, and whether it may be dropped in versions without it.
 */
public class GoldenDefinitions {
    static final ObjectMapper JSON = JsonMapper.builder().enable(JsonReadFeature.ALLOW_JAVA_COMMENTS).build();

    public static void main(String[] args) throws Exception {
        List<String> lines = new ArrayList<>();
        for (ApiKeys api : ApiKeys.values()) {
            for (String kind : List.of("Request", "Response")) {
                try (InputStream in = ApiKeys.class.getResourceAsStream("/common/message/" + api.name + kind + ".json")) {
                    if (in == null) continue;
                    JsonNode definition = JSON.readTree(in);
                    Map<String, JsonNode> structs = new HashMap<>();
                    for (JsonNode struct : definition.path("commonStructs")) structs.put(struct.get("name").asText(), struct.get("fields"));
                    ObjectNode fields = JSON.createObjectNode();
                    describe(definition.path("fields"), "", structs, fields);
                    ObjectNode line = JSON.createObjectNode().put("api", api.id).put("kind", kind.toLowerCase());
                    line.set("fields", fields);
                    lines.add(JSON.writeValueAsString(line));
                }
            }
        }
        Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", lines) + "\n]\n");
    }

    /** By path, with lists as if they were their elements: `[nullableVersions, ignorable]`. */
    static void describe(JsonNode of, String path, Map<String, JsonNode> structs, ObjectNode out) {
        for (JsonNode field : of) {
            String name = field.get("name").asText();
            String at = path + Character.toLowerCase(name.charAt(0)) + name.substring(1);
            String type = field.get("type").asText().replace("[]", "");
            out.putArray(at).add(field.path("nullableVersions").asText("none")).add(field.path("ignorable").asBoolean(false));
            JsonNode inner = field.has("fields") ? field.get("fields") : structs.get(type);
            if (inner != null) describe(inner, at + ".", structs, out);
        }
    }
}
