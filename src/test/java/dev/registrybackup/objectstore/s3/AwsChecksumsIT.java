package dev.registrybackup.objectstore.s3;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Operation;
import dev.registrybackup.lab.RandomBytes;
import dev.registrybackup.lab.RecordedRequest;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.CountedContent;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.DigestVerifier;
import dev.registrybackup.registry.VerifyingInputStream;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The checksums that AWS asks for where a bucket has a default retention. S3Proxy stands for AWS: it takes checksums, and
 * the SDK finds it as if no endpoint were configured.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AwsChecksumsIT {
    private static final String BUCKET = "images";
    private static final String ENDPOINT_OF_THE_SDK = "aws.endpointUrlS3";
    private static final S3Timeouts TIMEOUTS =
            new S3Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));

    private final S3ProxyServer server = S3ProxyServer.inMemory(256);
    private final NotifyingProxy proxy = NotifyingProxy.inFrontOf(server.endpoint(), "unwatched");

    @BeforeAll
    void makeBucket() {
        System.setProperty(ENDPOINT_OF_THE_SDK, proxy.endpoint().uri().toString());
        try (S3Client direct = server.endpoint().client()) {
            direct.createBucket(request -> request.bucket(BUCKET));
        }
    }

    @BeforeEach
    void forget() {
        proxy.reset();
    }

    @AfterAll
    void closeAll() {
        System.clearProperty(ENDPOINT_OF_THE_SDK);
        proxy.close();
        server.close();
    }

    @Test
    void allThatIsWrittenToAwsHasAChecksum() {
        // Given
        byte[] small = RandomBytes.of(71);
        byte[] large = RandomBytes.of(5 << 20);
        CountedContent streamed = new CountedContent(large.length, number -> new ByteArrayInputStream(large));
        CountedContent part = new CountedContent(large.length, number -> new ByteArrayInputStream(large));

        try (S3ObjectStore aws = aws()) {
            // When
            aws.put("small", ContentSource.of(small), Map.of());
            aws.putIfAbsent("once", ContentSource.of(small), Map.of());
            aws.put("streamed", streamed, Map.of());
            try (MultipartUpload upload = aws.startMultipartUpload("parts", Map.of())) {
                upload.uploadPart(part);
                upload.uploadPart(ContentSource.of(small));
                upload.complete();
            }

            // Then
            assertArrayEquals(small, read(aws, "small"));
            assertArrayEquals(small, read(aws, "once"));
            assertArrayEquals(large, read(aws, "streamed"));
            assertEquals(large.length + small.length, read(aws, "parts").length);
        }
        List<RecordedRequest> writes = writes();
        assertEquals(5, writes.size());
        writes.forEach(write -> assertTrue(hasChecksum(write), write::toString));
        assertEquals(
                List.of(Optional.of("CRC32")),
                proxy.requests().stream()
                        .filter(request -> request.operation() == Operation.CREATE_MULTIPART_UPLOAD)
                        .map(create -> create.request().header("x-amz-checksum-algorithm"))
                        .toList());
        // Of an upload it would be the checksum of the whole object, and not that of the request's document.
        assertEquals(
                List.of(false, false),
                proxy.requests().stream()
                        .filter(request -> request.operation() == Operation.COMPLETE_MULTIPART_UPLOAD
                                || request.operation() == Operation.CREATE_MULTIPART_UPLOAD)
                        .map(AwsChecksumsIT::hasChecksum)
                        .toList());
        assertEquals(1, streamed.openCount());
        assertEquals(1, part.openCount());
    }

    @Test
    void wrongBytesAreNeverVisibleInAwsEither() {
        // Given
        byte[] large = RandomBytes.of(5 << 20);
        Digest expected = Digest.of(DigestAlgorithm.SHA256, RandomBytes.of(3));
        CountedContent wrong = new CountedContent(
                large.length,
                number -> new VerifyingInputStream(
                        new ByteArrayInputStream(large), large.length, Optional.of(DigestVerifier.of(expected)), true));
        try (S3ObjectStore aws = aws()) {
            // When
            assertThrows(DigestMismatchException.class, () -> aws.put("wrong", wrong, Map.of()));

            // Then
            assertEquals(Optional.empty(), aws.head("wrong"));
        }
    }

    @Test
    void otherStoresGetNoChecksumThatTheyMightRefuse() {
        // Given
        try (S3ObjectStore other = store(Optional.of(proxy.endpoint().uri()))) {
            // When
            other.put("small", ContentSource.of(RandomBytes.of(71)), Map.of());
            other.put("streamed", ContentSource.of(RandomBytes.of(5 << 20)), Map.of());
        }

        // Then
        writes().forEach(write -> assertFalse(hasChecksum(write), write::toString));
    }

    private List<RecordedRequest> writes() {
        return proxy.requests().stream()
                .filter(request ->
                        request.operation() == Operation.PUT_OBJECT || request.operation() == Operation.UPLOAD_PART)
                .toList();
    }

    private static boolean hasChecksum(RecordedRequest write) {
        return write.request().header("x-amz-checksum-crc32").isPresent()
                || write.request().header("x-amz-checksum-sha256").isPresent()
                || write.request().header("x-amz-trailer").equals(Optional.of("x-amz-checksum-crc32"));
    }

    @MustBeClosed
    private S3ObjectStore aws() {
        return store(Optional.empty());
    }

    @MustBeClosed
    private S3ObjectStore store(Optional<URI> endpoint) {
        S3Endpoint known = proxy.endpoint();
        S3Settings settings = new S3Settings(
                "backup",
                endpoint,
                Optional.of(known.region()),
                BUCKET,
                Optional.of(new S3Settings.Credentials(known.accessKey(), known.secretKey())),
                true,
                Optional.empty(),
                S3Settings.WriteOptions.DEFAULT);
        return S3ObjectStore.of(settings, TIMEOUTS, 4);
    }

    private static byte[] read(S3ObjectStore store, String key) {
        try (OpenObject opened = store.open(key, Optional.empty(), Optional.empty())) {
            return opened.readAll(64 << 20);
        }
    }
}
