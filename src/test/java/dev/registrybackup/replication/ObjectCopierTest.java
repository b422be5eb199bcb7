package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.DigestMismatchException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectCopierTest {
    private static final String KEY = "some/object";
    private static final int PART_BYTES = 32 << 20;
    private static final byte[] OLDER = "an older good copy".getBytes(StandardCharsets.US_ASCII);

    private final InMemoryObjectStore registry = new InMemoryObjectStore("registry", false, new SettableClock());
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");
    private final RecordingObjectStore registryRequests = new RecordingObjectStore(registry);
    private final RecordingObjectStore backupRequests = new RecordingObjectStore(backup);
    private final ObjectCopier copier = new ObjectCopier(backupRequests, SourceMetadata::of);

    private SourceObject read(ObjectInfo object) {
        return SourceObject.current(registryRequests, object);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 71, (1 << 20) - 1, 1 << 20})
    void aSmallObjectIsReadOnceAndWrittenWhole(int size) {
        // Given
        byte[] content = bytes(size);
        ObjectInfo object = seeded(content);

        // When
        copier.copy(read(object), Optional.of(digest(content)));

        // Then
        assertArrayEquals(content, backup.bytes(KEY));
        assertEquals(List.of(new Request(Operation.OPEN, KEY)), registryRequests.requests());
        assertEquals(List.of(new Request(Operation.PUT, KEY)), backupRequests.requests());
    }

    @ParameterizedTest
    @ValueSource(ints = {(1 << 20) + 1, 5 << 20, PART_BYTES})
    void aLargerObjectIsStreamedThroughOneRequest(int size) {
        // Given
        byte[] content = bytes(size);
        ObjectInfo object = seeded(content);

        // When
        copier.copy(read(object), Optional.of(digest(content)));

        // Then
        assertArrayEquals(content, backup.bytes(KEY));
        assertEquals(List.of(new Request(Operation.OPEN, KEY)), registryRequests.requests());
        assertEquals(List.of(new Request(Operation.PUT, KEY)), backupRequests.requests());
    }

    @ParameterizedTest
    @CsvSource({PART_BYTES + 1 + ", 1", 2 * PART_BYTES + ", 33554432"})
    void aLargeObjectIsWrittenInPartsOf32MiB(int size, long last) {
        // Given
        byte[] content = bytes(size);
        ObjectInfo object = seeded(content);
        RetryingStore retrying = new RetryingStore(backupRequests);

        // When
        new ObjectCopier(retrying, SourceMetadata::of).copy(read(object), Optional.of(digest(content)));

        // Then
        assertArrayEquals(content, backup.bytes(KEY));
        assertEquals(List.of((long) PART_BYTES, last), retrying.sizes());
        assertEquals(
                List.of(Operation.START_MULTIPART, Operation.UPLOAD_PART, Operation.UPLOAD_PART, Operation.COMPLETE),
                backupRequests.requests().stream().map(Request::operation).toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 2 << 20})
    void aBodyThatTheClientSendsAgainIsVerifiedFromItsStart(int size) {
        // Given
        byte[] content = bytes(size);
        ObjectInfo object = seeded(content);

        // When
        new ObjectCopier(new RetryingStore(backupRequests), SourceMetadata::of)
                .copy(read(object), Optional.of(digest(content)));

        // Then
        assertArrayEquals(content, backup.bytes(KEY));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2 << 20, PART_BYTES + 10})
    void aCopyRecordsTheRegistrysWriteTimeAndEtag(int size) {
        // Given
        byte[] content = bytes(size);
        ObjectInfo object = seeded(content);

        // When
        copier.copy(read(object), Optional.of(digest(content)));

        // Then
        assertEquals(
                Map.of("registry-last-modified", "2026-03-04T05:06:07Z", "registry-etag", object.etag()),
                backup.head(KEY).orElseThrow().metadata());
    }

    @ParameterizedTest
    @CsvSource({
        "100, 0", "100, 50", "100, 99",
        "2097152, 0", "2097152, 1000000", "2097152, 2097151",
        "33554532, 0", "33554532, 20000000", "33554532, 33554531",
    })
    void oneFlippedBitAndNothingIsVisible(int size, int position) {
        // Given
        byte[] content = bytes(size);
        Digest digest = digest(content);
        content[position] ^= 0x10;
        ObjectInfo object = seeded(content);

        // When
        assertThrows(DigestMismatchException.class, () -> copier.copy(read(object), Optional.of(digest)));

        // Then
        assertTrue(backup.head(KEY).isEmpty());
        assertEquals(List.of(), backupRequests.writtenKeys());
        assertEquals(size > PART_BYTES ? 1 : 0, count(Operation.ABORT));
    }

    @ParameterizedTest
    @CsvSource({"100, 0", "2097152, 2097151", "33554532, 33554531"})
    void oneFlippedBitAndTheOlderCopyStays(int size, int position) {
        // Given
        byte[] content = bytes(size);
        Digest digest = digest(content);
        content[position] ^= 1;
        ObjectInfo object = seeded(content);
        backup.seed(KEY, OLDER);

        // When
        assertThrows(DigestMismatchException.class, () -> copier.copy(read(object), Optional.of(digest)));

        // Then
        assertArrayEquals(OLDER, backup.bytes(KEY));
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 2 << 20, PART_BYTES + 100})
    void anObjectThatChangedSinceItWasFoundIsNotCopied(int size) {
        // Given
        byte[] content = bytes(size);
        ObjectInfo object = seeded(content);
        byte[] changed = content.clone();
        changed[0]++;
        registry.seed(KEY, changed);

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> copier.copy(read(object), Optional.of(digest(content))));

        // Then
        assertEquals(StoreError.PRECONDITION_FAILED, failure.error());
        assertTrue(backup.head(KEY).isEmpty());
    }

    @Test
    void anObjectThatChangesBetweenTwoPartsIsNotCopied() {
        // Given
        byte[] content = bytes(PART_BYTES + 100);
        ObjectInfo object = seeded(content);
        backupRequests.beforeRequest((operation, key) -> {
            if (operation == Operation.UPLOAD_PART && count(Operation.UPLOAD_PART) == 2) {
                registry.seed(KEY, OLDER);
            }
        });

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> copier.copy(read(object), Optional.empty()));

        // Then
        assertEquals(StoreError.PRECONDITION_FAILED, failure.error());
        assertEquals(1, count(Operation.ABORT));
        assertTrue(backup.head(KEY).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 2 << 20, PART_BYTES + 100})
    void aDeletedObjectIsNotFound(int size) {
        // Given
        byte[] content = bytes(size);
        ObjectInfo object = seeded(content);
        registry.delete(KEY, Optional.empty());

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> copier.copy(read(object), Optional.of(digest(content))));

        // Then
        assertEquals(StoreError.NOT_FOUND, failure.error());
        assertEquals(List.of(), backupRequests.writtenKeys());
    }

    @ParameterizedTest
    @ValueSource(ints = {2 << 20, PART_BYTES + 100})
    void anObjectThatBreaksOffIsNeverVisible(int size) {
        // Given
        ObjectInfo object = seeded(bytes(size));
        registryRequests.transformRead(
                opened -> InMemoryObjectStore.openObject(opened.info(), new ByteArrayInputStream(bytes(1000))));

        // When
        ObjectStoreException failure =
                assertThrows(ObjectStoreException.class, () -> copier.copy(read(object), Optional.empty()));

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error());
        assertEquals(
                "Failed to write: Ended after 1000 of %d bytes".formatted(Math.min(size, PART_BYTES)),
                failure.getMessage());
        assertEquals(List.of(), backup.keys(""));
    }

    @Test
    void aPartThatTheClientTookWithoutReadingItIsNoPart() {
        // Given
        byte[] content = bytes(PART_BYTES + 100);
        ObjectInfo object = seeded(content);

        // When
        IllegalStateException failure = assertThrows(
                IllegalStateException.class,
                () -> new ObjectCopier(new CarelessStore(), SourceMetadata::of)
                        .copy(read(object), Optional.of(digest(content))));

        // Then
        assertEquals(
                "A part of some/object was uploaded after 0 bytes were read instead of 33554432", failure.getMessage());
        assertTrue(backup.head(KEY).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 2 << 20, PART_BYTES + 100})
    void anObjectWithoutADigestIsCopiedAsItIs(int size) {
        // Given
        byte[] content = bytes(size);
        ObjectInfo object = seeded(content);

        // When
        copier.copy(read(object), Optional.empty());

        // Then
        assertArrayEquals(content, backup.bytes(KEY));
    }

    @Test
    void aSha512DigestIsVerifiedToo() {
        // Given
        byte[] content = bytes(100);
        ObjectInfo object = seeded(content);
        Digest other = Digest.of(DigestAlgorithm.SHA512, OLDER);

        // When
        copier.copy(read(object), Optional.of(Digest.of(DigestAlgorithm.SHA512, content)));

        // Then
        assertArrayEquals(content, backup.bytes(KEY));
        assertThrows(DigestMismatchException.class, () -> copier.copy(read(object), Optional.of(other)));
    }

    @Test
    void anObjectThatMatchesItsDigestIsVerified() {
        // Given
        byte[] content = bytes(100);
        ObjectInfo object = seeded(content);

        // When
        boolean matches = SourceObject.current(registry, object).matches(digest(content));

        // Then
        assertTrue(matches);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 50, 99})
    void anObjectWithOneFlippedBitDoesNotMatchItsDigest(int position) {
        // Given
        byte[] content = bytes(100);
        Digest digest = digest(content);
        content[position] ^= 1;
        ObjectInfo object = seeded(content);

        // When
        boolean matches = SourceObject.current(registry, object).matches(digest);

        // Then
        assertFalse(matches);
    }

    private long count(Operation operation) {
        return backupRequests.requests().stream()
                .filter(request -> request.operation() == operation)
                .count();
    }

    private ObjectInfo seeded(byte[] content) {
        registry.seed(KEY, content);
        return registry.head(KEY).orElseThrow();
    }

    private static Digest digest(byte[] content) {
        return Digest.of(DigestAlgorithm.SHA256, content);
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        byte[] piece = new byte[4099];
        new Random(size).nextBytes(piece);
        for (int start = 0; start < size; start += piece.length) {
            System.arraycopy(piece, 0, bytes, start, Math.min(piece.length, size - start));
            piece[0]++;
        }
        return Arrays.copyOf(bytes, size);
    }

    /** A store that opens the parts of an upload and does not read them. */
    private final class CarelessStore extends ForwardingObjectStore {
        CarelessStore() {
            super(backupRequests);
        }

        @Override
        @MustBeClosed
        @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
        public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
            MultipartUpload upload = super.startMultipartUpload(key, metadata);
            return new MultipartUpload() {
                @Override
                public void uploadPart(ContentSource content) {
                    try (InputStream unread = content.open()) {
                        unread.available();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }

                @Override
                public void complete() {
                    upload.complete();
                }

                @Override
                public void close() {
                    upload.close();
                }
            };
        }
    }
}
