package dev.registrybackup.objectstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.RandomBytes;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.DigestVerifier;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.VerifyingInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of every {@link ObjectStore}. Each test has keys of its own, so they may share a bucket. */
abstract class ObjectStoreContract {
    static final int PART_BYTES = 5 << 20;

    private static final String ABSENT_VERSION_MESSAGE = "A bucket without versions gave one";

    private String prefix = "";

    /** A bucket that exists and keeps no versions. */
    abstract ObjectStore store();

    /** A bucket that exists and keeps versions; aborts the test where there is none of the kind. */
    abstract ObjectStore versionedStore();

    /** A bucket that does not exist. */
    abstract ObjectStore storeWithoutBucket();

    /** Whether metadata is kept and ETags are given. */
    boolean hasMetadataAndEtags() {
        return true;
    }

    private String etag(byte[] content) {
        return hasMetadataAndEtags() ? LinkContent.md5Hex(content) : "";
    }

    private Map<String, String> metadata(Map<String, String> kept) {
        return hasMetadataAndEtags() ? kept : Map.of();
    }

    @BeforeEach
    void keysOfItsOwn(TestInfo test) {
        prefix = test.getTestMethod().orElseThrow().getName() + "/"
                + test.getDisplayName().hashCode() + "/";
    }

    @Test
    void anObjectThatWasWrittenIsFound() {
        // Given
        byte[] content = text("content");
        put(store(), key("there"), content);

        // When
        ObjectInfo found = store().head(key("there")).orElseThrow();
        ObjectInfo foundBeforeWrite = store().headBeforeWrite(key("there")).orElseThrow();

        // Then
        assertEquals(key("there"), found.key());
        assertEquals(7, found.size());
        assertEquals(etag(content), found.etag());
        assertEquals(Map.of(), found.metadata());
        assertEquals(Optional.empty(), found.versionId(), ABSENT_VERSION_MESSAGE);
        assertEquals(found, foundBeforeWrite);
    }

    @Test
    void anObjectThatIsNotThereIsNotFound() {
        // Given
        put(store(), key("there/too"), text("content"));

        // When
        Optional<ObjectInfo> found = store().head(key("there"));
        Optional<ObjectInfo> foundBeforeWrite = store().headBeforeWrite(key("there"));

        // Then
        assertEquals(Optional.empty(), found);
        assertEquals(Optional.empty(), foundBeforeWrite);
    }

    @Test
    void aBucketThatIsNotThereIsNeverAnAbsentObject() {
        // Given
        ObjectStore nowhere = storeWithoutBucket();
        ContentSource content = ContentSource.of(text("content"));

        // When
        List<Executable> requests = List.of(
                nowhere::requireBucket,
                nowhere::isVersioned,
                () -> nowhere.head(key("any")),
                () -> read(nowhere, key("any")),
                () -> nowhere.put(key("any"), content, Map.of()),
                () -> putInParts(nowhere, key("any"), content),
                () -> nowhere.delete(key("any"), Optional.empty()),
                () -> nowhere.abortMultipartUploads(key(""), Instant.now()),
                () -> list(nowhere, key("")));

        // Then
        for (Executable request : requests) {
            assertError(StoreError.BUCKET_MISSING, request);
        }
    }

    @Test
    void headBeforeWriteDoesNotCheckTheBucket() {
        // When
        Optional<ObjectInfo> found = storeWithoutBucket().headBeforeWrite(key("any"));

        // Then
        assertEquals(Optional.empty(), found);
    }

    @Test
    void aBucketThatIsThereIsNoProblem() {
        assertDoesNotThrow(() -> store().requireBucket());
    }

    @Test
    void aWrittenObjectIsRead() throws IOException {
        // Given
        byte[] content = RandomBytes.of(100_000);
        put(store(), key("data"), content);

        // When
        try (OpenObject opened = store().open(key("data"), Optional.empty(), Optional.empty())) {
            byte[] read = opened.stream().readAllBytes();

            // Then
            assertArrayEquals(content, read);
            assertEquals(store().head(key("data")).orElseThrow(), opened.info());
        }
    }

    @Test
    void aSmallObjectIsReadAtOnceUnlessItIsLargerThanAllowed() {
        // Given
        put(store(), key("link"), text("0123456789"));

        // When
        byte[] read;
        try (OpenObject opened = store().open(key("link"), Optional.empty(), Optional.empty())) {
            read = opened.readAll(10);
        }
        ObjectStoreException refusal;
        try (OpenObject opened = store().open(key("link"), Optional.empty(), Optional.empty())) {
            refusal = assertThrows(ObjectStoreException.class, () -> opened.readAll(9));
        }

        // Then
        assertArrayEquals(text("0123456789"), read);
        assertEquals(StoreError.BAD_REQUEST, refusal.error());
        assertEquals("Expected at most 9 bytes in " + key("link") + " but it has more", refusal.getMessage());
    }

    @Test
    void aMissingObjectCannotBeOpened() {
        ObjectStoreException refusal = assertError(StoreError.NOT_FOUND, () -> read(store(), key("absent")));

        assertTrue(message(refusal).startsWith("Failed to read " + key("absent") + " in "), message(refusal));
        assertTrue(message(refusal).contains(store().bucket()), message(refusal));
    }

    @Test
    void aRangeIsReadOfAnObjectWhoseFactsAreTheWholes() throws IOException {
        // Given
        put(store(), key("data"), text("0123456789"));

        // When
        try (OpenObject middle = store().open(key("data"), Optional.of(new ByteRange(2, 3)), Optional.empty());
                OpenObject first = store().open(key("data"), Optional.of(new ByteRange(0, 1)), Optional.empty());
                OpenObject last = store().open(key("data"), Optional.of(new ByteRange(9, 1)), Optional.empty());
                OpenObject all = store().open(key("data"), Optional.of(new ByteRange(0, 10)), Optional.empty())) {
            // Then
            assertArrayEquals(text("234"), middle.stream().readAllBytes());
            assertArrayEquals(text("0"), first.stream().readAllBytes());
            assertArrayEquals(text("9"), last.stream().readAllBytes());
            assertArrayEquals(text("0123456789"), all.stream().readAllBytes());
            assertEquals(store().head(key("data")).orElseThrow(), middle.info());
        }
        assertArrayEquals(text("89"), read(store(), key("data"), Optional.of(new ByteRange(8, 100)), Optional.empty()));
    }

    @Test
    void aRangeThatBeginsBeyondTheEndIsOfAnotherObject() {
        // Given
        put(store(), key("data"), text("0123456789"));

        // When
        Executable open = () -> read(store(), key("data"), Optional.of(new ByteRange(10, 1)), Optional.empty());

        // Then
        assertError(StoreError.PRECONDITION_FAILED, open);
    }

    @Test
    void onlyTheVeryObjectAskedForIsOpened() {
        // Given
        put(store(), key("link"), text("old"));
        String old = store().head(key("link")).orElseThrow().etag();
        put(store(), key("link"), text("new"));
        String current = store().head(key("link")).orElseThrow().etag();

        // When
        byte[] read = read(store(), key("link"), Optional.empty(), Optional.of(current));

        // Then
        assertArrayEquals(text("new"), read);
        assertError(
                StoreError.PRECONDITION_FAILED, () -> read(store(), key("link"), Optional.empty(), Optional.of(old)));
        assertError(
                StoreError.PRECONDITION_FAILED,
                () -> read(store(), key("link"), Optional.of(new ByteRange(1, 1)), Optional.of(old)));
        assertError(StoreError.NOT_FOUND, () -> read(store(), key("absent"), Optional.empty(), Optional.of(current)));
    }

    /** A listing gives it where the store has none. */
    @Test
    void theEmptyETagIsThatOfAnyObject() {
        // Given
        put(store(), key("link"), text("content"));

        // When
        byte[] read = read(store(), key("link"), Optional.empty(), Optional.of(""));

        // Then
        assertArrayEquals(text("content"), read);
    }

    @Test
    void aReadThatIsLeftEarlyHoldsNothing() throws IOException {
        // Given
        byte[] content = RandomBytes.of(16 << 20);
        put(store(), key("large"), content);

        // When
        for (int round = 0; round < 20; round++) {
            try (OpenObject opened = store().open(key("large"), Optional.empty(), Optional.empty())) {
                assertEquals(content[0], (byte) opened.stream().read());
            }
            try (OpenObject unread = store().open(key("large"), Optional.empty(), Optional.empty())) {
                assertEquals(content.length, unread.info().size());
            }
        }

        // Then
        assertArrayEquals(content, read(store(), key("large")));
    }

    @Test
    void metadataIsKeptWithNamesInLowerCase() {
        // Given
        Map<String, String> metadata =
                Map.of("Origin-ETag", "\"0123-4\"", "origin.time", "2026-11-22T10:00:00Z", "x", "1 / 2");

        // When
        store().put(key("data"), ContentSource.of(text("content")), metadata);
        store().putIfAbsent(key("new"), ContentSource.of(text("content")), metadata);

        // Then
        Map<String, String> expected =
                metadata(Map.of("origin-etag", "\"0123-4\"", "origin.time", "2026-11-22T10:00:00Z", "x", "1 / 2"));
        assertEquals(expected, store().head(key("data")).orElseThrow().metadata());
        assertEquals(expected, store().head(key("new")).orElseThrow().metadata());
        try (OpenObject opened = store().open(key("data"), Optional.empty(), Optional.empty())) {
            assertEquals(expected, opened.info().metadata());
        }
    }

    @Test
    void aSecondPutReplacesTheObjectWithItsMetadata() {
        // Given
        store().put(key("link"), ContentSource.of(text("first")), Map.of("number", "one"));

        // When
        Optional<String> version = put(store(), key("link"), text("the second"));

        // Then
        ObjectInfo found = store().head(key("link")).orElseThrow();
        assertEquals(10, found.size());
        assertEquals(etag(text("the second")), found.etag());
        assertEquals(Map.of(), found.metadata());
        assertEquals(Optional.empty(), version, ABSENT_VERSION_MESSAGE);
        assertArrayEquals(text("the second"), read(store(), key("link")));
    }

    @Test
    void anObjectMayBeEmpty() {
        // Given
        byte[] nothing = new byte[0];

        // When
        put(store(), key("empty"), nothing);

        // Then
        ObjectInfo found = store().head(key("empty")).orElseThrow();
        assertEquals(0, found.size());
        assertEquals(etag(nothing), found.etag());
        assertArrayEquals(nothing, read(store(), key("empty")));
        assertEquals(List.of(key("empty")), keys(store(), key("")));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8191, 65_535, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 3_000_000})
    void contentOfAnySizeIsKeptByteByByte(int size) {
        // Given
        byte[] content = RandomBytes.of(size);

        // When
        put(store(), key("data"), content);

        // Then
        ObjectInfo found = store().head(key("data")).orElseThrow();
        assertEquals(size, found.size());
        assertEquals(etag(content), found.etag());
        assertArrayEquals(content, read(store(), key("data")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "docker/registry/v2/repositories/a.b_c-d__e/f/_manifests/tags/V1.2_x-y/current/link",
                "with space",
                "plus+plus",
                "percent%20%2F%",
                "umlaut-röt",
                "astral-📦",
                "a&b=c;d,e:f@g$h",
                "tilde~bang!star*(round)'single'",
                "question?hash#",
                "<tag attribute=\"x\">&amp;",
            })
    void anyKeyIsKeptAsItIs(String name) {
        // Given
        String key = key(name);

        // When
        put(store(), key, text(name));

        // Then
        assertEquals(key, store().head(key).orElseThrow().key());
        assertArrayEquals(text(name), read(store(), key));
        assertEquals(List.of(key), keys(store(), key));
        store().delete(key, Optional.empty());
        assertEquals(Optional.empty(), store().head(key));
    }

    @Test
    void aKeyMayHaveAnEmptySegment() {
        // Given
        String key = key("double//slash");

        // When
        put(store(), key, text("content"));

        // Then
        assertArrayEquals(text("content"), read(store(), key));
        assertEquals(List.of(key), keys(store(), key("")));
    }

    @Test
    void aKeyMayBeTheBeginningOfAnother() {
        // Given
        put(store(), key("a/b"), text("longer"));

        // When
        put(store(), key("a"), text("shorter"));

        // Then
        assertArrayEquals(text("longer"), read(store(), key("a/b")));
        assertArrayEquals(text("shorter"), read(store(), key("a")));
        assertEquals(List.of(key("a"), key("a/b")), keys(store(), key("")));
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000, 3_000_000})
    void aPutThatCannotOpenItsContentOrReadItToTheEndStoresNothing(int size) {
        // Given
        byte[] content = RandomBytes.of(size);
        put(store(), key("there"), text("old"));
        CountedContent broken = new CountedContent(
                size, number -> new BreakingInputStream(content, size / 2, () -> new IOException("cut")));
        CountedContent closed = new CountedContent(size, number -> {
            throw new IOException("cannot be opened");
        });

        // When
        ObjectStoreException ofBroken =
                assertError(StoreError.UNAVAILABLE, () -> store().put(key("there"), broken, Map.of("number", "two")));
        ObjectStoreException ofClosed =
                assertError(StoreError.UNAVAILABLE, () -> store().put(key("there"), closed, Map.of("number", "two")));
        assertError(StoreError.UNAVAILABLE, () -> store().put(key("absent"), broken, Map.of()));

        // Then
        assertTrue(message(ofBroken).contains("cut"), message(ofBroken));
        assertTrue(message(ofClosed).contains("cannot be opened"), message(ofClosed));
        assertArrayEquals(text("old"), read(store(), key("there")));
        assertEquals(Map.of(), store().head(key("there")).orElseThrow().metadata());
        assertEquals(Optional.empty(), store().head(key("absent")));
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000, 3_000_000})
    void wrongBytesAreNotStoredAndNotReadTwice(int size) {
        // Given
        byte[] wrong = RandomBytes.of(size);
        put(store(), key("there"), text("old"));
        CountedContent toThere = new CountedContent(size, number -> verifying(wrong, RandomBytes.of(size + 1)));
        CountedContent toAbsent = new CountedContent(size, number -> verifying(wrong, RandomBytes.of(size + 1)));
        CountedContent ifAbsent = new CountedContent(size, number -> verifying(wrong, RandomBytes.of(size + 1)));

        // When
        DigestMismatchException mismatch =
                assertThrows(DigestMismatchException.class, () -> store().put(key("there"), toThere, Map.of()));
        assertThrows(DigestMismatchException.class, () -> store().put(key("absent"), toAbsent, Map.of()));
        assertThrows(DigestMismatchException.class, () -> store().putIfAbsent(key("absent"), ifAbsent, Map.of()));

        // Then
        assertTrue(message(mismatch).contains(" but " + size + " bytes hash to "), message(mismatch));
        assertEquals(1, toThere.openCount());
        assertEquals(1, toAbsent.openCount());
        assertEquals(1, ifAbsent.openCount());
        assertArrayEquals(text("old"), read(store(), key("there")));
        assertEquals(Optional.empty(), store().head(key("absent")));
    }

    @ParameterizedTest
    @ValueSource(ints = {1_000, 3_000_000})
    void anErrorOfTheOtherStoreIsReportedAndNotTriedAgain(int size) {
        // Given
        ObjectStoreException changed =
                new ObjectStoreException(StoreError.PRECONDITION_FAILED, "The registry's has changed");
        CountedContent whileReading = new CountedContent(
                size, number -> new BreakingInputStream(RandomBytes.of(size), size - 1, () -> changed));
        CountedContent atOpening = new CountedContent(size, number -> {
            throw changed;
        });

        for (CountedContent content : List.of(whileReading, atOpening)) {
            // When
            ObjectStoreException failure =
                    assertThrows(ObjectStoreException.class, () -> store().put(key("absent"), content, Map.of()));

            // Then
            assertSame(changed, failure);
            assertEquals(1, content.openCount());
            assertEquals(Optional.empty(), store().head(key("absent")));
        }
    }

    @Test
    void partsAreOneObjectOnceComplete() {
        // Given
        byte[] content = RandomBytes.of(2 * PART_BYTES + 1_234);
        put(store(), key("blob"), text("old"));

        // When
        byte[] before;
        try (MultipartUpload upload = store().startMultipartUpload(key("blob"), Map.of("number", "two"))) {
            upload.uploadPart(part(content, 0, PART_BYTES));
            upload.uploadPart(part(content, PART_BYTES, PART_BYTES));
            upload.uploadPart(part(content, 2 * PART_BYTES, 1_234));
            before = read(store(), key("blob"));
            upload.complete();
        }

        // Then
        assertArrayEquals(text("old"), before);
        ObjectInfo found = store().head(key("blob")).orElseThrow();
        assertEquals(content.length, found.size());
        assertEquals(metadata(Map.of("number", "two")), found.metadata());
        assertTrue(found.etag().endsWith(hasMetadataAndEtags() ? "-3" : ""), found.etag());
        assertArrayEquals(content, read(store(), key("blob")));
    }

    @Test
    void onePartMayBeSmall() {
        // Given
        ContentSource content = ContentSource.of(text("small"));

        // When
        putInParts(store(), key("blob"), content);

        // Then
        assertArrayEquals(text("small"), read(store(), key("blob")));
    }

    @Test
    void partsThatAreNotCompletedAreNeverSeen() {
        // Given
        byte[] content = RandomBytes.of(PART_BYTES + 1);
        put(store(), key("there"), text("old"));

        // When
        for (String name : List.of("there", "absent")) {
            try (MultipartUpload upload = store().startMultipartUpload(key(name), Map.of())) {
                upload.uploadPart(part(content, 0, PART_BYTES));
                upload.uploadPart(part(content, PART_BYTES, 1));
            }
        }

        // Then
        assertArrayEquals(text("old"), read(store(), key("there")));
        assertEquals(Optional.empty(), store().head(key("absent")));
        assertEquals(List.of(key("there")), keys(store(), key("")));
    }

    @Test
    void anUploadThatIsGivenUpByItsPrefixCannotBeCompleted() {
        // Given
        try (MultipartUpload first = store().startMultipartUpload(key("mine/blob"), Map.of());
                MultipartUpload second = store().startMultipartUpload(key("mine/blob"), Map.of());
                MultipartUpload third = store().startMultipartUpload(key("mine/other"), Map.of())) {
            first.uploadPart(part(RandomBytes.of(10), 0, 10));

            // When
            long aborted =
                    store().abortMultipartUploads(key("mine/"), Instant.now().plus(Duration.ofHours(1)));

            // Then
            assertEquals(3, aborted);
            for (MultipartUpload upload : List.of(first, second, third)) {
                assertThrows(ObjectStoreException.class, () -> {
                    upload.uploadPart(part(RandomBytes.of(10), 0, 10));
                    upload.complete();
                });
            }
            assertEquals(List.of(), keys(store(), key("")));
            assertEquals(
                    0, store().abortMultipartUploads(key("mine/"), Instant.now().plus(Duration.ofHours(1))));
        }
    }

    @Test
    void anUploadOfAnotherPrefixIsNotGivenUp() {
        // Given
        try (MultipartUpload upload = store().startMultipartUpload(key("others/blob"), Map.of())) {
            upload.uploadPart(part(text("content"), 0, 7));

            // When
            long aborted =
                    store().abortMultipartUploads(key("mine/"), Instant.now().plus(Duration.ofHours(1)));
            upload.complete();

            // Then
            assertEquals(0, aborted);
            assertArrayEquals(text("content"), read(store(), key("others/blob")));
        }
    }

    @Test
    void anUploadThatWasStartedAfterwardsIsNotGivenUp() {
        // Given
        try (MultipartUpload upload = store().startMultipartUpload(key("blob"), Map.of())) {
            upload.uploadPart(part(text("content"), 0, 7));

            // When
            long aborted = store().abortMultipartUploads(key(""), Instant.now().minus(Duration.ofHours(1)));
            upload.complete();

            // Then
            assertEquals(0, aborted);
            assertArrayEquals(text("content"), read(store(), key("blob")));
        }
    }

    @Test
    void wrongBytesInTheLastPartAreNotStoredAndNotReadTwice() {
        // Given
        byte[] wrong = RandomBytes.of(2 * PART_BYTES);
        DigestVerifier verifier = DigestVerifier.of(Digest.of(DigestAlgorithm.SHA256, text("others")));
        CountedContent first = new CountedContent(
                PART_BYTES,
                number -> new VerifyingInputStream(
                        new ByteArrayInputStream(wrong, 0, PART_BYTES), PART_BYTES, Optional.of(verifier), false));
        CountedContent last = new CountedContent(
                PART_BYTES,
                number -> new VerifyingInputStream(
                        new ByteArrayInputStream(wrong, PART_BYTES, PART_BYTES),
                        PART_BYTES,
                        Optional.of(verifier),
                        true));

        // When
        try (MultipartUpload upload = store().startMultipartUpload(key("blob"), Map.of())) {
            upload.uploadPart(first);
            assertThrows(DigestMismatchException.class, () -> upload.uploadPart(last));
        }

        // Then
        assertEquals(1, first.openCount());
        assertEquals(1, last.openCount());
        assertEquals(Optional.empty(), store().head(key("blob")));
    }

    @Test
    void aRemovedObjectIsGone() {
        // Given
        put(store(), key("gone"), text("content"));
        put(store(), key("stays"), text("content"));

        // When
        store().delete(key("gone"), Optional.empty());

        // Then
        assertEquals(Optional.empty(), store().head(key("gone")));
        assertEquals(List.of(key("stays")), keys(store(), key("")));
        assertError(StoreError.NOT_FOUND, () -> read(store(), key("gone")));
    }

    @Test
    void removingWhatIsNotThereIsNoProblem() {
        assertDoesNotThrow(() -> store().delete(key("absent"), Optional.empty()));
    }

    @Test
    void onlyABucketThatKeepsVersionsSaysSo() {
        // When
        boolean versioned = versionedStore().isVersioned();
        boolean unversioned = store().isVersioned();

        // Then
        assertTrue(versioned);
        assertFalse(unversioned);
    }

    @Test
    void aBucketReportsItsConfigurationAndNeverThrows() {
        // When
        BucketConfiguration versioned = versionedStore().bucketConfiguration();
        BucketConfiguration unversioned = store().bucketConfiguration();
        BucketConfiguration nowhere = storeWithoutBucket().bucketConfiguration();

        // Then
        assertEquals(ProbeResult.of(true), versioned.versioningEnabled());
        assertEquals(ProbeResult.of(false), unversioned.versioningEnabled());
        assertValueOrReason(unversioned.serverTime());
        assertValueOrReason(unversioned.lifecycleRules());
        assertValueOrReason(unversioned.notificationRules());
        assertValueOrReason(unversioned.objectLockEnabled());
        assertEquals(Optional.empty(), nowhere.lifecycleRules().value(), "An absent bucket is none without rules");
        assertEquals(Optional.empty(), nowhere.notificationRules().value());
    }

    private static void assertValueOrReason(ProbeResult<?> probeResult) {
        assertEquals(probeResult.value().isPresent(), probeResult.reason().isEmpty(), probeResult::toString);
    }

    @Test
    void everyPutIsAVersionOfItsOwn() {
        // When
        String first = put(versionedStore(), key("link"), text("first")).orElseThrow();
        String second = put(versionedStore(), key("link"), text("second")).orElseThrow();

        // Then
        assertFalse(first.equals(second), first);
        ObjectInfo found = versionedStore().head(key("link")).orElseThrow();
        assertEquals(Optional.of(second), found.versionId());
        assertArrayEquals(text("second"), read(versionedStore(), key("link")));
    }

    @Test
    void withoutTheNewestVersionTheOneBeforeIsSeenAgain() {
        // Given
        String first = put(versionedStore(), key("link"), text("first")).orElseThrow();
        String second = put(versionedStore(), key("link"), text("second")).orElseThrow();

        // When
        versionedStore().delete(key("link"), Optional.of(second));

        // Then
        ObjectInfo found = versionedStore().head(key("link")).orElseThrow();
        assertEquals(Optional.of(first), found.versionId());
        assertArrayEquals(text("first"), read(versionedStore(), key("link")));
    }

    @Test
    void removingAVersionThatIsGoneIsNoProblem() {
        // Given
        String first = put(versionedStore(), key("link"), text("first")).orElseThrow();
        String second = put(versionedStore(), key("link"), text("second")).orElseThrow();
        versionedStore().delete(key("link"), Optional.of(first));

        // When
        versionedStore().delete(key("link"), Optional.of(first));

        // Then
        ObjectInfo found = versionedStore().head(key("link")).orElseThrow();
        assertEquals(Optional.of(second), found.versionId());
    }

    @Test
    void withoutItsLastVersionAnObjectIsGone() {
        // Given
        String only = put(versionedStore(), key("link"), text("only")).orElseThrow();

        // When
        versionedStore().delete(key("link"), Optional.of(only));

        // Then
        assertEquals(Optional.empty(), versionedStore().head(key("link")));
        assertEquals(List.of(), keys(versionedStore(), key("")));
    }

    @Test
    void aRemovedObjectOfAVersionedBucketIsHidden() {
        // Given
        put(versionedStore(), key("link"), text("content"));

        // When
        versionedStore().delete(key("link"), Optional.empty());
        versionedStore().delete(key("absent"), Optional.empty());

        // Then
        assertEquals(Optional.empty(), versionedStore().head(key("link")));
        assertEquals(List.of(), keys(versionedStore(), key("")));
        assertError(StoreError.NOT_FOUND, () -> read(versionedStore(), key("link")));
        assertTrue(put(versionedStore(), key("link"), text("again")).isPresent());
        assertArrayEquals(text("again"), read(versionedStore(), key("link")));
    }

    @Test
    void allVersionsAreListedTheNewestFirst() {
        // Given
        String first = put(versionedStore(), key("a"), text("one")).orElseThrow();
        String second = put(versionedStore(), key("a"), text("second")).orElseThrow();
        String other = put(versionedStore(), key("b"), text("other")).orElseThrow();
        versionedStore().delete(key("a"), Optional.empty());

        // When
        List<ObjectVersion> versions = versions(versionedStore(), key(""));

        // Then
        assertEquals(
                List.of(key("a"), key("a"), key("a"), key("b")),
                versions.stream().map(ObjectVersion::key).toList());
        assertEquals(
                List.of(true, false, false, false),
                versions.stream().map(ObjectVersion::isDeleteMarker).toList());
        assertEquals(
                List.of(second, first, other),
                versions.stream().skip(1).map(ObjectVersion::versionId).toList());
        assertEquals(
                List.of(0L, 6L, 3L, 5L),
                versions.stream().map(ObjectVersion::size).toList());
        assertEquals(LinkContent.md5Hex(text("second")), versions.get(1).etag());
    }

    @Test
    void anObjectOfABucketWithoutVersionsIsItsOwnOnlyVersion() {
        // Given
        put(store(), key("a"), text("one"));
        put(store(), key("a"), text("second"));

        // When
        List<ObjectVersion> versions = versions(store(), key(""));

        // Then
        assertEquals(1, versions.size());
        assertEquals(key("a"), versions.get(0).key());
        assertEquals(6, versions.get(0).size());
        assertFalse(versions.get(0).isDeleteMarker());
    }

    @Test
    void moreVersionsThanAPageHoldsAreListedOnceEach() {
        // Given
        Set<String> written = new HashSet<>();
        for (int number = 0; number < 1100; number++) {
            written.add(put(versionedStore(), key("%d".formatted(number % 3)), text("x"))
                    .orElseThrow());
        }

        // When
        List<String> versions = versions(versionedStore(), key("")).stream()
                .map(ObjectVersion::versionId)
                .toList();

        // Then
        assertEquals(1100, versions.size());
        assertEquals(written, Set.copyOf(versions));
    }

    @Test
    void anOlderVersionIsFoundAndRead() throws IOException {
        // Given
        put(versionedStore(), key("a"), text("the first"));
        String first = versionedStore().head(key("a")).orElseThrow().versionId().orElseThrow();
        put(versionedStore(), key("a"), text("second"));
        versionedStore().delete(key("a"), Optional.empty());

        // When
        ObjectInfo found = versionedStore().headVersion(key("a"), first).orElseThrow();

        // Then
        assertEquals(9, found.size());
        assertEquals(Optional.of(first), found.versionId());
        try (OpenObject all = versionedStore().openVersion(key("a"), first, Optional.empty());
                OpenObject some = versionedStore().openVersion(key("a"), first, Optional.of(new ByteRange(4, 5)))) {
            assertArrayEquals(text("the first"), all.stream().readAllBytes());
            assertArrayEquals(text("first"), some.stream().readAllBytes());
            assertEquals(9, some.info().size());
        }
    }

    @Test
    void aVersionThatIsGoneOrADeleteMarkerIsNotFound() {
        // Given
        String gone = put(versionedStore(), key("a"), text("one")).orElseThrow();
        versionedStore().delete(key("a"), Optional.of(gone));
        put(versionedStore(), key("b"), text("one"));
        versionedStore().delete(key("b"), Optional.empty());
        String marker = versions(versionedStore(), key("b")).get(0).versionId();

        // When
        Optional<ObjectInfo> foundGone = versionedStore().headVersion(key("a"), gone);
        Optional<ObjectInfo> foundMarker = versionedStore().headVersion(key("b"), marker);

        // Then
        assertEquals(Optional.empty(), foundGone);
        assertEquals(Optional.empty(), foundMarker);
        assertError(
                StoreError.NOT_FOUND,
                () -> versionedStore()
                        .openVersion(key("a"), gone, Optional.empty())
                        .close());
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 3_000_000})
    void onlyTheFirstOfThoseThatWriteIfAbsentWrites(int size) {
        // Given
        byte[] content = RandomBytes.of(size);
        ContentSource first = new CountedContent(size, number -> verifying(content, content));
        ContentSource second = ContentSource.of(RandomBytes.of(size + 1));

        // When
        boolean firstWrote = store().putIfAbsent(key("a"), first, Map.of("number", "one"));
        boolean secondWrote = store().putIfAbsent(key("a"), second, Map.of("number", "two"));

        // Then
        assertTrue(firstWrote);
        assertFalse(secondWrote);
        assertArrayEquals(content, read(store(), key("a")));
    }

    @Test
    void allVersionsAndDeleteMarkersBelowAPrefixAreDeleted() {
        // Given
        put(versionedStore(), key("a"), text("one"));
        put(versionedStore(), key("a"), text("two"));
        put(versionedStore(), key("b"), text("one"));
        versionedStore().delete(key("b"), Optional.empty());

        // When
        versionedStore().deleteVersions(key(""), Instant.MAX);

        // Then
        assertEquals(List.of(), versions(versionedStore(), key("")));
    }

    static List<ObjectVersion> versions(ObjectStore store, String prefix) {
        try (Stream<ObjectVersion> listing = store.listVersions(prefix)) {
            return listing.toList();
        }
    }

    @Test
    void versionsOfOtherPrefixesAndLaterTimesAreNotDeleted() {
        // Given
        put(store(), key("a/1"), text("one"));
        put(store(), key("b"), text("one"));

        // When
        store().deleteVersions(key("a/"), Instant.EPOCH);
        int early = versions(store(), key("")).size();
        store().deleteVersions(key("a/"), Instant.MAX);

        // Then
        assertEquals(2, early);
        assertEquals(
                List.of(key("b")),
                versions(store(), key("")).stream().map(ObjectVersion::key).toList());
    }

    @Test
    void objectsAreListedInTheOrderOfTheirKeys() {
        // Given
        List<String> names = List.of("a-b", "a.b", "a/b", "a0", "aA", "a_b", "aa", "b");
        List<String> shuffled = new ArrayList<>(names);
        Collections.shuffle(shuffled, new Random(1));
        shuffled.forEach(name -> put(store(), key(name), text(name)));

        // When
        List<ObjectInfo> listed = list(store(), key("a"));

        // Then
        assertEquals(
                names.subList(0, 7).stream().map(this::key).toList(),
                listed.stream().map(ObjectInfo::key).toList());
        ObjectInfo second = listed.get(1);
        ObjectInfo found = store().head(key("a.b")).orElseThrow();
        assertEquals(3, second.size());
        assertEquals(found.etag(), second.etag());
        assertEquals(
                found.lastModified().truncatedTo(ChronoUnit.SECONDS),
                second.lastModified().truncatedTo(ChronoUnit.SECONDS));
        assertEquals(Map.of(), second.metadata());
        assertEquals(Optional.empty(), second.versionId());
    }

    @Test
    void aPrefixOfNoObjectListsNone() {
        // Given
        put(store(), key("there"), text("content"));

        // When
        List<ObjectInfo> listed = list(store(), key("there/"));

        // Then
        assertEquals(List.of(), listed);
    }

    @Test
    void theEmptyPrefixListsTheWholeBucket() {
        // Given
        put(store(), key("there"), text("content"));

        // When
        List<String> listed = keys(store(), "");

        // Then
        assertTrue(listed.contains(key("there")));
        assertEquals(listed.stream().distinct().toList(), listed);
    }

    @Test
    void moreObjectsThanAPageHoldsAreListedOnceEach() {
        // Given
        List<String> names = IntStream.range(0, 1_100)
                .mapToObj("%04d"::formatted)
                .map(this::key)
                .toList();
        names.forEach(name -> put(store(), name, new byte[0]));

        // When
        List<String> listed = keys(store(), key(""));

        // Then
        assertEquals(names, listed);
    }

    @Test
    void aListingMayBeLeftEarly() {
        // Given
        put(store(), key("first"), text("content"));
        put(store(), key("second"), text("content"));

        // When
        Optional<String> first;
        try (Stream<ObjectInfo> listing = store().list(key(""))) {
            first = listing.map(ObjectInfo::key).findFirst();
        }

        // Then
        assertEquals(Optional.of(key("first")), first);
    }

    final String key(String name) {
        return prefix + name;
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static Optional<String> put(ObjectStore store, String key, byte[] content) {
        return store.put(key, ContentSource.of(content), Map.of());
    }

    static byte[] read(ObjectStore store, String key) {
        return read(store, key, Optional.empty(), Optional.empty());
    }

    private static byte[] read(ObjectStore store, String key, Optional<ByteRange> range, Optional<String> etag) {
        try (OpenObject opened = store.open(key, range, etag)) {
            return opened.readAll(64 << 20);
        }
    }

    static ObjectStoreException assertError(StoreError expected, Executable request) {
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, request);
        assertEquals(expected, failure.error(), failure.getMessage());
        return failure;
    }

    static List<String> keys(ObjectStore store, String prefix) {
        return list(store, prefix).stream().map(ObjectInfo::key).toList();
    }

    private static List<ObjectInfo> list(ObjectStore store, String prefix) {
        try (Stream<ObjectInfo> listing = store.list(prefix)) {
            return listing.toList();
        }
    }

    private static void putInParts(ObjectStore store, String key, ContentSource content) {
        try (MultipartUpload upload = store.startMultipartUpload(key, Map.of())) {
            upload.uploadPart(content);
            upload.complete();
        }
    }

    private static String message(Throwable failure) {
        return String.valueOf(failure.getMessage());
    }

    private static ContentSource part(byte[] whole, int offset, int length) {
        return ContentSource.of(Arrays.copyOfRange(whole, offset, offset + length));
    }

    private static InputStream verifying(byte[] content, byte[] expected) {
        DigestVerifier verifier = DigestVerifier.of(Digest.of(DigestAlgorithm.SHA256, expected));
        return new VerifyingInputStream(new ByteArrayInputStream(content), content.length, Optional.of(verifier), true);
    }
}
