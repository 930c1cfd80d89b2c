import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

import org.apache.kafka.common.utils.Exit;
import org.slf4j.LoggerFactory;

/**
 * Apache Kafka's command line tools, many in one JVM. Each line of stdin is a tool's class and its arguments, with tabs
 * between; its answer is a line: the exit code, and in base64 what the tool printed.
 */
public class KafkaTools {
    private static final ByteArrayOutputStream PRINTED = new ByteArrayOutputStream();
    private static int exitCode;

    /** Ends a tool where it would end its JVM; no Exception, so that no tool takes it for a failure of its own. */
    private static class Ended extends Error {
        Ended() {
            super("", null, false, false);
        }

        @Override
        public void printStackTrace(PrintWriter writer) {
            // Some tools print whatever comes out of them, this too.
        }
    }

    private static void end(int code) {
        if (exitCode < 0) {
            exitCode = code;
        }
        throw new Ended();
    }

    public static void main(String[] arguments) throws Exception {
        LoggerFactory.getLogger(KafkaTools.class).info("logs go where stderr went at the start");
        PrintStream answers = System.out;
        PrintStream printed = new PrintStream(PRINTED, true, StandardCharsets.UTF_8);
        System.setOut(printed);
        System.setErr(printed);
        Exit.setExitProcedure((code, message) -> end(code));
        Exit.setHaltProcedure((code, message) -> end(code));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split("\t", -1);
            PRINTED.reset();
            int code = run(words[0], Arrays.copyOfRange(words, 1, words.length));
            answers.println(code + " " + Base64.getEncoder().encodeToString(PRINTED.toByteArray()));
            answers.flush();
        }
    }

    private static int run(String tool, String[] arguments) throws Exception {
        exitCode = -1;
        try {
            Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) arguments);
        } catch (InvocationTargetException failure) {
            if (!(failure.getCause() instanceof Ended)) {
                failure.getCause().printStackTrace();
                return 1;
            }
        }
        return Math.max(exitCode, 0);
    }
}
