import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A call told as a live trace: what Java's clients have in common. */
class Trace {
    private static final List<Trace> all = new ArrayList<>();
    final String id, url;
    private final String hooks;
    private final StringBuilder events = new StringBuilder();
    private final Instant start = Instant.now();
    private String end = "";

    /** hooks: those that the client would record. */
    Trace(String client, String url, String... hooks) {
        all.add(this);
        this.id = client + "-" + all.size();
        this.url = url;
        this.hooks = "\"" + String.join("\", \"", hooks) + "\"";
    }

    synchronized void hook(String name) {
        events.append(events.length() > 0 ? ", " : "")
                .append("{\"hook\": \"" + name + "\", \"time\": \"" + Instant.now() + "\", \"args\": {}}");
    }

    /** status 0: it failed, in Java's own words. */
    synchronized void end(int status) {
        end = ", \"end\": \"" + Instant.now() + "\"" + (status != 0 ? ", \"error\": null, \"status\": " + status : "");
    }

    private synchronized String json() {
        return "{\"schema\": \"pcap2trace.live/1\", \"hooks\": [" + hooks + "], \"trace_id\": \"" + id
                + "\", \"method\": \"GET\", \"url\": \"" + url + "\", \"start\": \"" + start + "\"" + end + ", \"events\": ["
                + events + "]}\n";
    }

    static void write(String path) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (Trace t : all)
            lines.append(t.json());
        Files.writeString(Path.of(path), lines);
    }

    static TrustManagerFactory trusting(String authority) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (FileInputStream in = new FileInputStream(authority)) {
            store.setCertificateEntry("lab", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    static SSLContext context(TrustManagerFactory trusted) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusted.getTrustManagers(), null);
        return context;
    }
}
