import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;

/** java.net.http, which has no hooks: it asks for a body's subscriber when an answer's head has come. OUT AUTHORITY URL... */
class JavaNet {
    public static void main(String[] args) throws Exception {
        HttpClient client = HttpClient.newBuilder().sslContext(Trace.context(Trace.trusting(args[1]))).build();
        for (int i = 2; i < args.length; i++) {
            Trace t = new Trace("javanet", args[i], "GotFirstResponseByte");
            HttpRequest request = HttpRequest.newBuilder(URI.create(args[i])).header("X-Request-Id", t.id).build();
            try {
                HttpResponse<byte[]> answer = client.send(request, head -> {
                    t.hook("GotFirstResponseByte");
                    return BodySubscribers.ofByteArray();
                });
                t.end(answer.statusCode());
            } catch (IOException e) {
                t.end(0);
            }
        }
        Trace.write(args[0]);
        System.exit(0); // its threads idle on
    }
}
