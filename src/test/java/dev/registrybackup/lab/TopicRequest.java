package dev.registrybackup.lab;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;

/** Creates a topic at a Ceph RGW: one call of Amazon's SNS, signed here since its client is not among our libraries. */
final class TopicRequest {

    private static final Pattern TOPIC = Pattern.compile("<TopicArn>([^<]+)</TopicArn>");
    private static final String FORM = "application/x-www-form-urlencoded";

    private final S3Endpoint endpoint;

    TopicRequest(S3Endpoint endpoint) {
        this.endpoint = endpoint;
    }

    /** A persistent topic that pushes to this target; the same name again changes it. Returns its ARN. */
    String create(String name, URI target) {
        Map<String, String> parameters = new TreeMap<>(Map.of(
                "Action", "CreateTopic",
                "Name", name,
                "Attributes.entry.1.key", "push-endpoint",
                "Attributes.entry.1.value", target.toString(),
                "Attributes.entry.2.key", "persistent",
                "Attributes.entry.2.value", "true"));
        HttpResponse<String> answer = send(form(parameters).getBytes(StandardCharsets.UTF_8));
        Matcher topic = TOPIC.matcher(answer.body());
        if (answer.statusCode() != 200 || !topic.find()) {
            throw new IllegalStateException(
                    "Failed to make topic " + name + ": " + answer.statusCode() + " " + answer.body());
        }
        return topic.group(1);
    }

    private HttpResponse<String> send(byte[] form) {
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint.uri().resolve("/"))
                .timeout(Duration.ofSeconds(30))
                .POST(BodyPublishers.ofByteArray(form));
        signed(form).forEachHeader((name, values) -> {
            // The JDK's client sets the very same ones itself, and accepts them from nobody.
            if (!name.equalsIgnoreCase("Host") && !name.equalsIgnoreCase("Content-Length")) {
                values.forEach(value -> request.header(name, value));
            }
        });
        return Loopback.send(request.build());
    }

    private SdkHttpRequest signed(byte[] form) {
        SdkHttpRequest plain = SdkHttpRequest.builder()
                .uri(endpoint.uri().resolve("/"))
                .method(SdkHttpMethod.POST)
                .putHeader("Content-Type", FORM)
                .build();
        return AwsV4HttpSigner.create()
                .sign(request -> request.identity(endpoint.credentials())
                        .request(plain)
                        .payload(ContentStreamProvider.fromInputStreamSupplier(() -> new ByteArrayInputStream(form)))
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, "sns")
                        .putProperty(AwsV4HttpSigner.REGION_NAME, endpoint.region()))
                .request();
    }

    private static String form(Map<String, String> parameters) {
        return parameters.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("&"));
    }
}
