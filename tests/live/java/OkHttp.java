import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.util.List;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.Call;
import okhttp3.Connection;
import okhttp3.EventListener;
import okhttp3.Handshake;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** OkHttp's EventListener. OUT AUTHORITY URL... */
class OkHttp {
    /** requestHeadersEnd comes before the head leaves OkHttp's buffer, connectEnd after TLS: neither is Go's hook. */
    static class Listener extends EventListener {
        private static Trace of(Call call) {
            return call.request().tag(Trace.class);
        }

        @Override
        public void dnsStart(Call call, String name) {
            of(call).hook("DNSStart");
        }

        @Override
        public void dnsEnd(Call call, String name, List<InetAddress> addresses) {
            of(call).hook("DNSDone");
        }

        @Override
        public void connectStart(Call call, InetSocketAddress to, Proxy proxy) {
            of(call).hook("ConnectStart");
        }

        @Override
        public void secureConnectStart(Call call) {
            of(call).hook("TLSHandshakeStart");
        }

        @Override
        public void secureConnectEnd(Call call, Handshake handshake) {
            of(call).hook("TLSHandshakeDone");
        }

        @Override
        public void connectionAcquired(Call call, Connection connection) {
            of(call).hook("GotConn");
        }

        @Override
        public void responseHeadersEnd(Call call, Response answer) {
            of(call).hook("GotFirstResponseByte");
        }
    }

    public static void main(String[] args) throws Exception {
        TrustManagerFactory trusted = Trace.trusting(args[1]);
        OkHttpClient client = new OkHttpClient.Builder().eventListener(new Listener())
                .sslSocketFactory(Trace.context(trusted).getSocketFactory(), (X509TrustManager) trusted.getTrustManagers()[0])
                .build();
        for (int i = 2; i < args.length; i++) {
            Trace t = new Trace("okhttp", args[i], "DNSStart", "DNSDone", "ConnectStart", "TLSHandshakeStart", "TLSHandshakeDone",
                    "GotConn", "GotFirstResponseByte");
            Request request = new Request.Builder().url(args[i]).header("X-Request-Id", t.id).tag(Trace.class, t).build();
            try (Response answer = client.newCall(request).execute()) {
                answer.body().bytes();
                t.end(answer.code());
            } catch (IOException e) {
                t.end(0);
            }
        }
        Trace.write(args[0]);
        System.exit(0); // its threads idle on
    }
}
