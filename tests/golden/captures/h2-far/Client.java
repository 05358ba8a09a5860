import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.io.FileInputStream;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Two threads that ask as main.go's client does: URL CERTIFICATE SECONDS */
class Client {
    static HttpClient trusting(String certificate) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (FileInputStream in = new FileInputStream(certificate)) {
            store.setCertificateEntry("far", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusted.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(context).build();
    }

    static void ask(HttpClient client, String url, int seed, long until) {
        Random dice = new Random(seed);
        int[] sizes = {0, 12, 150, 900, 2900};
        try {
            while (System.currentTimeMillis() < until) {
                String path = "/?bytes=" + sizes[dice.nextInt(sizes.length)] + "&ms=" + (dice.nextInt(3) == 0 ? dice.nextInt(60) : 0);
                HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path)).header("X-Request-Id", seed + "-" + dice.nextInt(1 << 30));
                if (dice.nextInt(4) == 0)
                    request.POST(HttpRequest.BodyPublishers.ofString("y".repeat(300)));
                client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
                Thread.sleep(dice.nextInt(160));
            }
        } catch (Exception e) {
            throw new RuntimeException(e);
        }
    }

    public static void main(String[] args) throws Exception {
        HttpClient client = trusting(args[1]);
        long until = System.currentTimeMillis() + Integer.parseInt(args[2]) * 1000L;
        Thread other = new Thread(() -> ask(client, args[0], 1, until));
        other.start();
        ask(client, args[0], 0, until);
        other.join();
        System.exit(0); // its threads idle on
    }
}
