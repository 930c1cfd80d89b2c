// A lost answer, from Java with nothing but its standard library: java Fault.java URL TOPIC
// URL is what the ready line of `odradek serve --control` has behind control=.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;

public class Fault {
    static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    static String call(String method, String url, String body) throws Exception {
        var sent = body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body);
        var request = HttpRequest.newBuilder(URI.create(url)).method(method, sent).build();
        var answer = CLIENT.send(request, BodyHandlers.ofString());
        if (answer.statusCode() >= 400) {
            throw new IllegalStateException(answer.body());
        }
        return answer.body();
    }

    static String field(String json, String name) {
        var found = Pattern.compile("\"" + name + "\": \"?([^\",}]*)").matcher(json);
        if (!found.find()) {
            throw new IllegalStateException("no " + name + " in " + json);
        }
        return found.group(1);
    }

    public static void main(String[] args) throws Exception {
        var faults = args[0] + "/v1/faults";
        var rule = """
                {"api": "Produce", "topic": "%s", "action": "disconnect_after", "times": 1}""".formatted(args[1]);
        var id = field(call("POST", faults, rule), "id");
        System.out.println("ready " + id);
        // Here the test sends a record; its producer loses the answer, and sends it again.
        var hit = call("GET", faults + "/" + id + "?hits=1&timeout_ms=30000", null);
        var page = call("GET", args[0] + "/v1/topics/" + args[1] + "/records", null);
        call("DELETE", faults + "/" + id, null);
        System.out.println("hits " + field(hit, "hits"));
        var stored = page.split("\"offset\"", -1).length - 1;
        if (stored != 1) {
            throw new IllegalStateException("stored " + stored + " times");
        }
    }
}
