package dev.registrybackup.objectstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.lab.RandomBytes;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.objectstore.s3.S3ObjectStore;
import dev.registrybackup.objectstore.s3.S3Timeouts;
import dev.registrybackup.objectstore.s3.TestS3Settings;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;

/** The contract, with what holds for S3 besides, against a server that the subclass starts. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class S3ObjectStoreContract extends ObjectStoreContract {
    private static final String BUCKET = "images";
    private static final String VERSIONED_BUCKET = "images-with-versions";
    private static final S3Timeouts TIMEOUTS =
            new S3Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));
    /** Few, so that a test which leaks some waits for one and fails. */
    private static final int CONNECTIONS = 4;

    private final AutoCloseable server;
    private final S3Client client;
    private final S3ObjectStore store;
    private final S3ObjectStore versioned;
    private final S3ObjectStore missingBucketStore;

    /** Against this server, which is closed after all tests. */
    @SuppressWarnings("MustBeClosedChecker")
    <T extends AutoCloseable> S3ObjectStoreContract(T server, Function<T, S3Endpoint> where) {
        this.server = server;
        S3Endpoint endpoint = where.apply(server);
        client = endpoint.client();
        store = S3ObjectStore.of(TestS3Settings.of(endpoint, BUCKET), TIMEOUTS, CONNECTIONS);
        versioned = S3ObjectStore.of(TestS3Settings.of(endpoint, VERSIONED_BUCKET), TIMEOUTS, CONNECTIONS);
        missingBucketStore = S3ObjectStore.of(TestS3Settings.of(endpoint, "nowhere"), TIMEOUTS, CONNECTIONS);
    }

    @BeforeAll
    void makeBuckets() {
        client.createBucket(request -> request.bucket(BUCKET));
        client.createBucket(request -> request.bucket(VERSIONED_BUCKET));
        client.putBucketVersioning(request -> request.bucket(VERSIONED_BUCKET)
                .versioningConfiguration(versioning -> versioning.status(BucketVersioningStatus.ENABLED)));
    }

    @AfterAll
    void closeAll() throws Exception {
        store.close();
        versioned.close();
        missingBucketStore.close();
        client.close();
        server.close();
    }

    @Test
    void contentThatBreaksOnceIsReadAgain() {
        // Given
        byte[] content = RandomBytes.of(3_000_000);
        CountedContent breaking = CountedContent.breakingOnce(content);

        // When
        store().put(key("data"), breaking, Map.of());

        // Then
        assertEquals(2, breaking.openCount());
        assertArrayEquals(content, read(store(), key("data")));
    }

    @Test
    void aPartThatBreaksOnceIsReadAgain() {
        // Given
        byte[] content = RandomBytes.of(PART_BYTES);
        CountedContent breaking = CountedContent.breakingOnce(content);

        // When
        try (MultipartUpload upload = store().startMultipartUpload(key("data"), Map.of())) {
            upload.uploadPart(breaking);
            upload.complete();
        }

        // Then
        assertEquals(2, breaking.openCount());
        assertArrayEquals(content, read(store(), key("data")));
    }

    @Test
    void anUploadThatIsGivenUpLeavesNoParts() {
        // Given
        byte[] content = RandomBytes.of(PART_BYTES);
        CountedContent broken = new CountedContent(
                PART_BYTES, number -> new BreakingInputStream(content, PART_BYTES / 2, () -> new IOException("cut")));

        // When
        try (MultipartUpload upload = store().startMultipartUpload(key("data"), Map.of())) {
            upload.uploadPart(ContentSource.of(content));
            assertThrows(ObjectStoreException.class, () -> upload.uploadPart(broken));
        }

        // Then
        assertEquals(List.of(), uploads());
        assertEquals(Optional.empty(), store().head(key("data")));
    }

    @Test
    void contentWhoseDigestIsKnownIsReadOnce() {
        // Given
        byte[] content = RandomBytes.of(3_000_000);
        CountedContent counted = new CountedContent(content.length, number -> new ByteArrayInputStream(content));
        Digest digest = Digest.of(DigestAlgorithm.SHA256, content);

        // When
        store().put(key("data"), new DigestedContent(counted, digest), Map.of("number", "one"));

        // Then
        assertEquals(1, counted.openCount());
        assertArrayEquals(content, read(store(), key("data")));
        assertEquals(
                Map.of("number", "one"), store().head(key("data")).orElseThrow().metadata());
    }

    @ParameterizedTest
    @ValueSource(ints = {71, 3_000_000})
    void otherBytesThanTheDigestSaysAreRefusedByTheStoreItself(int size) {
        // Given
        ContentSource other = new DigestedContent(
                ContentSource.of(RandomBytes.of(size)), Digest.of(DigestAlgorithm.SHA256, new byte[size]));

        // When
        ObjectStoreException refusal =
                assertThrows(ObjectStoreException.class, () -> store().put(key("data"), other, Map.of()));

        // Then
        assertEquals(StoreError.BAD_REQUEST, refusal.error(), refusal::getMessage);
        assertEquals(Optional.empty(), store().head(key("data")));
    }

    private record DigestedContent(ContentSource content, Digest digest) implements ContentSource {
        @Override
        public long size() {
            return content.size();
        }

        @Override
        public InputStream open() throws IOException {
            return content.open();
        }

        @Override
        public Optional<Digest> sha256() {
            return Optional.of(digest);
        }
    }

    private List<String> uploads() {
        return client.listMultipartUploads(request -> request.bucket(BUCKET)).uploads().stream()
                .map(upload -> upload.key())
                .toList();
    }

    @Override
    final ObjectStore store() {
        return store;
    }

    @Override
    final ObjectStore versionedStore() {
        return versioned;
    }

    @Override
    final ObjectStore storeWithoutBucket() {
        return missingBucketStore;
    }
}
