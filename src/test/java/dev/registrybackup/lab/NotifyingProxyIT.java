package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Faults take effect: if they did not, tests of the product would pass without proving anything. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NotifyingProxyIT {

    private static final Duration BOUND = Duration.ofSeconds(30);

    private final S3ProxyServer server = S3ProxyServer.inMemory(512);
    private final S3Client direct = server.endpoint().client();
    private NotifyingProxy proxy = NotifyingProxy.inFrontOf(server.endpoint(), "images");
    private S3Client client = withoutRetries(proxy);

    @BeforeAll
    void buckets() {
        direct.createBucket(request -> request.bucket("images"));
        direct.createBucket(request -> request.bucket("backup"));
    }

    /** A proxy of its own for every test: no test finds another's notifications. */
    @AfterEach
    void anotherProxy() {
        client.close();
        proxy.close();
        proxy = NotifyingProxy.inFrontOf(server.endpoint(), "images");
        client = withoutRetries(proxy);
    }

    @AfterAll
    void close() {
        client.close();
        proxy.close();
        direct.close();
        server.close();
    }

    @Test
    void aFaultMeetsAsManyRequestsAsItWasAskedTo() {
        // Given
        put("images", "data", RandomBytes.of(10));
        proxy.inject(request -> request.operation() == Operation.GET_OBJECT, Fault.slowDown(), 1);
        proxy.inject(request -> request.operation() == Operation.PUT_OBJECT, Fault.internalError());

        // When
        S3Exception get = assertThrows(S3Exception.class, () -> get("images", "data"));
        S3Exception put = assertThrows(S3Exception.class, () -> put("images", "data", RandomBytes.of(1 << 20)));

        // Then
        assertEquals("SlowDown", get.awsErrorDetails().errorCode());
        assertEquals(503, get.statusCode());
        assertEquals(500, put.statusCode());
        assertEquals(10, get("images", "data").length);
    }

    @Test
    void responsesAreCutTruncatedAndCorrupted() {
        // Given
        byte[] content = RandomBytes.of(1 << 20);
        put("images", "data", content);
        proxy.inject(request -> request.method().equals("GET"), Fault.cutResponse(500_000), 1);
        proxy.inject(request -> request.method().equals("GET"), Fault.truncateResponse(500_000), 1);
        proxy.inject(request -> request.method().equals("GET"), Fault.flipResponseBit(700_000), 1);

        // When
        assertThrows(SdkClientException.class, () -> get("images", "data"));
        byte[] truncated = get("images", "data");
        byte[] flipped = get("images", "data");

        // Then
        assertEquals(500_000, truncated.length);
        assertEquals(content[700_000] ^ 1, flipped[700_000]);
        flipped[700_000] ^= 1;
        assertArrayEquals(content, flipped);
    }

    @Test
    void aCutUploadLeavesNothingAndALostAnswerLeavesTheObject() {
        // Given
        proxy.inject(request -> request.key().equals("cut"), Fault.cutRequest(300_000));
        proxy.inject(request -> request.key().equals("lost"), Fault.cutResponse(0));

        // When
        assertThrows(SdkClientException.class, () -> put("images", "cut", RandomBytes.of(1 << 20)));
        assertThrows(SdkClientException.class, () -> put("images", "lost", RandomBytes.of(1 << 20)));

        // Then
        assertEquals(
                List.of("lost"),
                direct.listObjectsV2(request -> request.bucket("images")).contents().stream()
                        .map(object -> object.key())
                        .filter(key -> key.equals("lost") || key.equals("cut"))
                        .toList());
        assertEquals(1, proxy.undelivered());
    }

    @Test
    void aHangingRequestIsCutWhenTheFaultIsRemoved() {
        // Given
        put("images", "data", RandomBytes.of(10));
        proxy.inject(request -> request.method().equals("GET"), Fault.hang());
        Thread healer = new Thread(() -> {
            Awaitility.await().atMost(BOUND).until(() -> proxy.requests().size() == 2);
            proxy.heal();
        });
        healer.start();

        // When
        assertThrows(SdkClientException.class, () -> get("images", "data"));

        // Then
        assertEquals(10, get("images", "data").length);
    }

    private void put(String bucket, String key, byte[] content) {
        client.putObject(request -> request.bucket(bucket).key(key), RequestBody.fromBytes(content));
    }

    private byte[] get(String bucket, String key) {
        return client.getObjectAsBytes(request -> request.bucket(bucket).key(key))
                .asByteArray();
    }

    private static S3Client withoutRetries(NotifyingProxy proxy) {
        return proxy.endpoint()
                .clientBuilder()
                .overrideConfiguration(configuration -> configuration.retryStrategy(DefaultRetryStrategy.doNotRetry()))
                .build();
    }
}
