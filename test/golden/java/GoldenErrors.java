import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

/** Writes number, name and retriability of every error code. */
public class GoldenErrors {
    public static void main(String[] args) throws Exception {
        List<String> lines = new ArrayList<>();
        for (Errors error : Errors.values()) {
            boolean isRetriable = error.exception() instanceof RetriableException;
            lines.add("[" + error.code() + ",\"" + error.name() + "\"," + isRetriable + "]");
        }
        Files.writeString(Path.of(args[0]), "[\n" + String.join(",\n", lines) + "\n]\n");
    }
}
