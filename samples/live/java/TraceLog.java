import java.io.FileWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import okhttp3.Call;
import okhttp3.Connection;
import okhttp3.EventListener;
import okhttp3.Handshake;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/**
 * Logs one line per outgoing call with what OkHttp tells of it. Copy this file into a service:
 *
 * <pre>OkHttpClient client = TraceLog.to("calls.ndjson").on(new OkHttpClient.Builder()).build();</pre>
 *
 * {@code pcap2trace compare --live calls.ndjson capture.pcap} reads these lines again. Each call carries its id in X-Request-Id; one that is
 * there already stays. requestHeadersEnd comes before the head leaves OkHttp's buffer, and connectEnd after TLS: neither is Go's hook, so
 * they are not told. Errors are in Java's words, and so left out. Redirects that OkHttp follows are in one line.
 */
public final class TraceLog {
    private static final String HEADER = "X-Request-Id";
    private static final String HOOKS = "[\"DNSStart\",\"DNSDone\",\"ConnectStart\",\"TLSHandshakeStart\",\"TLSHandshakeDone\",\"GotConn\",\"GotFirstResponseByte\"]";
    private final PrintWriter log;

    private TraceLog(PrintWriter log) {
        this.log = log;
    }

    /** Appends to that file. */
    public static TraceLog to(String path) {
        try {
            return new TraceLog(new PrintWriter(new FileWriter(path, true), true));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public OkHttpClient.Builder on(OkHttpClient.Builder builder) {
        return builder.eventListenerFactory(One::new).addInterceptor(TraceLog::identified);
    }

    private static Response identified(Interceptor.Chain chain) throws IOException {
        Request request = chain.request();
        if (request.header(HEADER) == null)
            request = request.newBuilder().header(HEADER, UUID.randomUUID().toString()).build();
        return chain.proceed(request);
    }

    /** One call. Its events come from one thread at a time. */
    private final class One extends EventListener {
        private final Call call;
        private final Instant start = Instant.now();
        private final StringBuilder events = new StringBuilder();
        private String id = "";
        private int status;

        One(Call call) {
            this.call = call;
        }

        private synchronized void hook(String name) {
            events.append(events.length() > 0 ? "," : "").append("{\"hook\":\"" + name + "\",\"time\":\"" + Instant.now() + "\",\"args\":{}}");
        }

        private synchronized void end(boolean failed) {
            log.println("{\"schema\":\"pcap2trace.live/1\",\"hooks\":" + HOOKS + ",\"trace_id\":" + text(id) + ",\"method\":" + text(call.request().method())
                    + ",\"url\":" + text(call.request().url().toString()) + ",\"start\":\"" + start + "\",\"end\":\"" + Instant.now() + "\""
                    + (failed ? "" : ",\"error\":null,\"status\":" + status) + ",\"events\":[" + events + "]}");
        }

        @Override
        public void dnsStart(Call call, String name) {
            hook("DNSStart");
        }

        @Override
        public void dnsEnd(Call call, String name, List<InetAddress> addresses) {
            hook("DNSDone");
        }

        @Override
        public void connectStart(Call call, InetSocketAddress to, Proxy proxy) {
            hook("ConnectStart");
        }

        @Override
        public void secureConnectStart(Call call) {
            hook("TLSHandshakeStart");
        }

        @Override
        public void secureConnectEnd(Call call, Handshake handshake) {
            hook("TLSHandshakeDone");
        }

        @Override
        public void connectionAcquired(Call call, Connection connection) {
            hook("GotConn");
        }

        @Override
        public void requestHeadersEnd(Call call, Request request) {
            id = request.header(HEADER) != null ? request.header(HEADER) : "";
        }

        @Override
        public void responseHeadersEnd(Call call, Response answer) {
            status = answer.code();
            hook("GotFirstResponseByte");
        }

        @Override
        public void callEnd(Call call) {
            end(false);
        }

        @Override
        public void callFailed(Call call, IOException e) {
            end(true);
        }
    }

    /** As a JSON string. */
    private static String text(String s) {
        StringBuilder b = new StringBuilder("\"");
        for (char c : s.toCharArray())
            b.append(c < ' ' || c == '"' || c == '\\' || c > '~' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
        return b.append('"').toString();
    }
}
