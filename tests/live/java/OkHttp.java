import java.io.IOException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** OkHttp with the sample that logs its calls. OUT AUTHORITY URL... */
class OkHttp {
    public static void main(String[] args) throws Exception {
        TrustManagerFactory trusted = Trace.trusting(args[1]);
        OkHttpClient client = TraceLog.to(args[0]).on(new OkHttpClient.Builder())
                .sslSocketFactory(Trace.context(trusted).getSocketFactory(), (X509TrustManager) trusted.getTrustManagers()[0])
                .build();
        for (int i = 2; i < args.length; i++) {
            try (Response answer = client.newCall(new Request.Builder().url(args[i]).build()).execute()) {
                answer.body().bytes();
            } catch (IOException e) {
                // the log has it
            }
        }
        System.exit(0); // its threads idle on
    }
}
