package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.sun.net.httpserver.HttpExchange;
import dev.registrybackup.lab.Loopback;
import dev.registrybackup.lab.LoopbackServer;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.objectstore.s3.ProcessCredentials;
import dev.registrybackup.objectstore.s3.S3Settings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real rclone with credentials that it is given while it runs. */
@RequiresRealStack
class CredentialsEndpointIT {
    private static final String PAGE = """
        <?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name>\
        <IsTruncated>%s</IsTruncated><NextMarker>a</NextMarker><NextContinuationToken>a</NextContinuationToken>\
        <Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"0"</ETag><Size>1</Size></Contents>\
        </ListBucketResult>\
        """;

    private final Path scratch;

    @AutoClose
    private LoopbackServer store;
    // Written by the server's threads.
    private final List<String> sessions = new CopyOnWriteArrayList<>();
    private final AtomicInteger asked = new AtomicInteger();

    CredentialsEndpointIT(@TempDir Path scratch) {
        this.scratch = scratch;
    }

    @BeforeEach
    void start() {
        store = new LoopbackServer(this::list);
    }

    /** Two pages of one key each. */
    private void list(HttpExchange exchange) throws IOException {
        try (exchange) {
            sessions.add(String.valueOf(exchange.getRequestHeaders().getFirst("X-Amz-Security-Token")));
            boolean isFirst = sessions.size() == 1;
            byte[] body = PAGE.formatted(isFirst, isFirst ? "a" : "b").getBytes(UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private ProcessCredentials.Current credentials(Duration validity) {
        return new ProcessCredentials.Current(
                "key",
                "secret",
                Optional.of("session-" + asked.incrementAndGet()),
                Optional.of(Instant.now().plus(validity)));
    }

    private List<String> listWith(Duration validity) throws Exception {
        RcloneRemote remote = new RcloneRemote(
                "backup",
                Optional.of(new S3Settings(
                        "backup",
                        Optional.of(store.uri()),
                        Optional.of("us-east-1"),
                        "bucket",
                        Optional.empty(),
                        true,
                        Optional.empty(),
                        S3Settings.WriteOptions.DEFAULT)),
                Optional.empty());
        // A role in the environment would have rclone 1.60 ask the store for it.
        Map<String, String> parent = new HashMap<>(System.getenv());
        parent.put("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/another");
        parent.put("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere");
        Path configuration = Files.createFile(scratch.resolve("rclone.conf"));
        try (CredentialsEndpoint endpoint = CredentialsEndpoint.start(() -> credentials(validity))) {
            Map<String, String> environment =
                    RcloneSetup.environment(parent, configuration, List.of(remote), Optional.empty());
            environment.putAll(endpoint.environment());
            List<String> keys = new ArrayList<>();
            RcloneProcess process =
                    new RcloneProcess("rclone", environment, Optional.empty(), Optional.empty(), scratch);
            assertEquals(
                    Optional.empty(), process.run(process.command(List.of("lsf", "-R", remote.path(""))), keys::add));
            return keys;
        }
    }

    @Test
    void credentialsThatLastAreAskedForOnce() throws Exception {
        // When
        List<String> keys = listWith(Duration.ofHours(1));

        // Then
        assertEquals(List.of("a", "b"), keys);
        assertEquals(List.of("session-1", "session-1"), sessions);
    }

    @Test
    void credentialsThatAreAboutToExpireAreAskedForAgainWhileItRuns() throws Exception {
        // When: rclone wants at least five minutes
        List<String> keys = listWith(Duration.ofMinutes(4));

        // Then
        assertEquals(List.of("a", "b"), keys);
        assertEquals(2, sessions.stream().distinct().count(), sessions::toString);
    }

    @Test
    void whoDoesNotKnowTheTokenGetsNothing() throws Exception {
        // Given
        try (CredentialsEndpoint endpoint = CredentialsEndpoint.start(() -> credentials(Duration.ofHours(1)))) {
            String uri = endpoint.environment().get("AWS_CONTAINER_CREDENTIALS_FULL_URI");

            // When
            HttpResponse<String> answer = Loopback.send(HttpRequest.newBuilder(URI.create(uri))
                    .header("Authorization", "another")
                    .build());

            // Then
            assertEquals(401, answer.statusCode());
            assertFalse(answer.body().contains("secret\""), answer::body);
            assertEquals(0, asked.get());
        }
    }
}
