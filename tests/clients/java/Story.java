import com.google.gson.Gson;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** What both clients share: the steps' order and time, and the one JSON object that says what each step saw. */
final class Story {
    private static final long STEP_S = 300;
    static final byte[] KEYS = ("typed\n" + "x".repeat(1_000_000)).getBytes();
    static final String[] SHOUT = {"sh", "-c", "echo out; echo err >&2; exit 3"};
    /** A size goes its own way, and may come later than what is typed: the shell waits for it, and tells it then. */
    static final byte[] MEASURE = "until stty size | grep -q 123; do sleep 0.1; done; stty size; exit 7\n".getBytes();
    static final String[] SHOUT_WHEN_ASKED = {"sh", "-c", "read word; echo out; echo err >&2; exit 3"};
    /** Neither client can end stdin without ending the whole connection: the command counts what it was promised. */
    static final String[] COUNT = {"sh", "-c", "read word; echo got $word; head -c 1000000 | wc -c"};
    static final String SPEAK = "while read line; do echo you said $line; done";

    private final Map<String, Object> told = new LinkedHashMap<>();
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final PrintStream out = System.out;

    Story() {
        System.setOut(System.err); // Whatever the libraries say is not the story.
    }

    Story step(String name, Callable<Object> work) {
        Future<Object> running = workers.submit(work);
        try {
            told.put(name, running.get(STEP_S, TimeUnit.SECONDS));
        } catch (Exception problem) {
            running.cancel(true);
            problem.printStackTrace();
            told.put(name, Map.of("failed", String.valueOf(problem.getCause() == null ? problem : problem.getCause())));
        }
        return this;
    }

    void tell() {
        out.println(new Gson().toJson(told));
        out.flush();
        System.exit(0);
    }

    static Map<String, Object> commandOf(String name) {
        return switch (name) {
            case "box" -> Map.of("image", "nginx");
            case "five" -> Map.of("image", "busybox", "command", List.of("sh", "-c", "seq 1 5; exec sleep 3600"));
            case "ticker" -> Map.of("image", "busybox", "command", List.of("sh", "-c", "while true; do echo tick; sleep 0.2; done"));
            default -> Map.of("image", "busybox", "stdin", true, "command", List.of("sh", "-c", SPEAK));
        };
    }

    static final List<String> PODS = List.of("box", "five", "ticker", "parrot");

    static String text(InputStream stream) throws Exception {
        return stream == null ? "" : new String(stream.readAllBytes());
    }

    /** Reads until the text is there; the stream stays open. */
    static String until(InputStream stream, String wanted) throws Exception {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        int next;
        while (!read.toString().contains(wanted) && (next = stream.read()) >= 0) {
            read.write(next);
        }
        return read.toString();
    }

    static boolean isWelcome(String page) {
        return page.contains("Welcome to nginx");
    }

    static String page(int port) throws Exception {
        HttpURLConnection connection = (HttpURLConnection) URI.create("http://127.0.0.1:" + port + "/").toURL().openConnection();
        connection.setRequestProperty("Connection", "close");
        try (InputStream body = connection.getInputStream()) {
            return text(body);
        }
    }

    static List<Boolean> pages(int port) {
        return IntStream.range(0, 4).parallel().mapToObj(number -> {
            try {
                return isWelcome(page(port));
            } catch (Exception problem) {
                problem.printStackTrace();
                return false;
            }
        }).toList();
    }
}
