import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

/** Prints the error table of the kafka-clients jar on the class path; see README.md beside this file. */
public class DumpErrors {
    public static void main(String[] args) {
        StringBuilder out = new StringBuilder("[");
        for (Errors error : Errors.values()) {
            boolean retriable = error.exception() instanceof RetriableException;
            out.append(out.length() > 1 ? ",\n" : "\n")
               .append(String.format("{\"code\":%d,\"name\":\"%s\",\"retriable\":%b,\"message\":\"%s\"}",
                       error.code(), error.name(), retriable,
                       error.message().replace("\\", "\\\\").replace("\"", "\\\"")));
        }
        System.out.println(out.append("\n]"));
    }
}
