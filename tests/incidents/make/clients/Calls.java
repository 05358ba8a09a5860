import java.io.*;
import java.net.*;
import java.net.http.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.*;
import java.util.regex.*;
import javax.net.ssl.*;

/** Calls.java CONFIG: calls with java.net.http.HttpClient, or HttpURLConnection where Options say "old"; writes what it saw. */
public class Calls {
    static final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    static String text;

    static String field(String from, String name, String otherwise) {
        Matcher m = Pattern.compile("\"" + name + "\": (?:\"([^\"]*)\"|([-0-9.]+)|\\[([-0-9., ]+)\\])").matcher(from);
        if (!m.find()) return otherwise;
        return m.group(1) != null ? m.group(1) : m.group(2) != null ? m.group(2) : m.group(3);
    }

    static double number(String from, String name, double otherwise) {
        return Double.parseDouble(field(from, name, String.valueOf(otherwise)));
    }

    static double now() {
        return System.currentTimeMillis() / 1000.0;
    }

    static SSLContext trust(String pem) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = new FileInputStream(pem)) {
            store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory f = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        f.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, f.getTrustManagers(), null);
        return context;
    }

    static int byClient(HttpClient client, String url, String id, String method, int body, double timeout) throws Exception {
        HttpRequest.Builder q = HttpRequest.newBuilder(URI.create(url)).header("X-Request-Id", id);
        if (timeout > 0) q.timeout(Duration.ofMillis((long) timeout));
        q.method(method, body > 0 ? HttpRequest.BodyPublishers.ofString("j".repeat(body)) : HttpRequest.BodyPublishers.noBody());
        return client.send(q.build(), HttpResponse.BodyHandlers.ofByteArray()).statusCode();
    }

    static int byConnection(String url, String id, String method, double timeout) throws Exception {
        HttpURLConnection c = (HttpURLConnection) new URL(url).openConnection();
        c.setRequestMethod(method);
        c.setRequestProperty("X-Request-Id", id);
        c.setInstanceFollowRedirects(false);
        if (timeout > 0) {
            c.setConnectTimeout((int) timeout);
            c.setReadTimeout((int) timeout);
        }
        int status = c.getResponseCode();
        try (InputStream in = status >= 400 ? c.getErrorStream() : c.getInputStream()) {
            if (in != null) in.readAllBytes();
        }
        return status;
    }

    static String quoted(String s) {
        return "\"" + s.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", " ") + "\"";
    }

    static void one(String caller, HttpClient client, String name, int n) {
        String stream = field(caller, "Name", ""), url = field(caller, "URL", "").replace("{n}", String.valueOf(1000 + (n * 7919) % 9000));
        String id = name + "-" + stream + "-" + n + "-0";
        int body = (int) number(caller, "Body", 0), status = 0;
        String method = field(caller, "Method", body > 0 ? "POST" : "GET"), error = null;
        double start = now(), timeout = number(caller, "Timeout", 0);
        try {
            status = client != null ? byClient(client, url, id, method, body, timeout) : byConnection(url, id, method, timeout);
        } catch (Exception e) {
            error = String.valueOf(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
        }
        lines.add(String.format(Locale.ROOT, "{\"client\":\"%s\",\"stream\":\"%s\",\"start\":%.6f,\"end\":%.6f,\"method\":\"%s\",\"url\":%s,\"status\":%d,\"request_id\":\"%s\"%s}", name,
                stream, start, now(), method, quoted(url), status, id, error == null ? "" : ",\"error\":" + quoted(error)));
    }

    public static void main(String[] args) throws Exception {
        text = Files.readString(Path.of(args[0]));
        double begin = number(text, "Begin", 0), end = number(text, "End", 0);
        String name = field(text, "Name", ""), ca = field(text, "CA", "");
        boolean old = text.contains("\"old\": true");
        ExecutorService threads = Executors.newCachedThreadPool(r -> {
            Thread t = new Thread(r);
            t.setDaemon(true);
            return t;
        });
        HttpClient.Builder b = HttpClient.newBuilder().version(text.contains("\"h2\": true") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1).executor(threads);
        if (!ca.isEmpty()) b.sslContext(trust(ca));
        HttpClient client = old ? null : b.build();
        if (old && !ca.isEmpty()) HttpsURLConnection.setDefaultSSLSocketFactory(trust(ca).getSocketFactory());
        ScheduledExecutorService clock = Executors.newScheduledThreadPool(2);
        Matcher callers = Pattern.compile("\\{(?:[^{}]|\\{n\\})*\"URL\"(?:[^{}]|\\{n\\})*\\}").matcher(text);
        while (callers.find()) {
            String caller = callers.group();
            double since = number(caller, "Since", 0), until = number(caller, "Until", end);
            String[] every = field(caller, "Every", "200, 200").split(", *");
            double low = Double.parseDouble(every[0]), high = Double.parseDouble(every[every.length - 1]);
            int[] n = {0};
            Runnable[] tick = new Runnable[1];
            tick[0] = () -> {
                if (now() - begin >= until) return;
                int mine = n[0]++;
                threads.submit(() -> one(caller, client, name, mine));
                clock.schedule(tick[0], (long) ((low + Math.random() * (high - low)) * 1000), TimeUnit.MICROSECONDS);
            };
            clock.schedule(tick[0], (long) (Math.max(0, begin + since - now()) * 1e6), TimeUnit.MICROSECONDS);
        }
        Thread.sleep((long) (Math.max(0, begin + end + 1.5 - now()) * 1000));
        Files.write(Path.of(args[0].replace(".json", ".live")), lines);
        System.exit(0);
    }
}
