package dev.registrybackup.objectstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.lab.RandomBytes;
import dev.registrybackup.objectstore.directory.DirectoryObjectStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract on a directory, as far as a registry's tree can keep it, and how content that fails is met. */
class DirectoryObjectStoreTest extends ObjectStoreContract {
    private final Path volume;
    private final ObjectStore store;

    DirectoryObjectStoreTest(@TempDir Path volume) throws IOException {
        this.volume = volume;
        this.store = DirectoryObjectStore.of("registry", Files.createDirectory(volume.resolve("registry")));
    }

    @AfterEach
    void nothingIsLeftUnderWay() {
        assertEquals(List.of(), filesBelow(volume.resolve("registry/registry-backup")));
    }

    @Override
    ObjectStore store() {
        return store;
    }

    @Override
    ObjectStore versionedStore() {
        return Assumptions.abort("A directory keeps no versions");
    }

    @Override
    boolean hasMetadataAndEtags() {
        return false;
    }

    @Override
    ObjectStore storeWithoutBucket() {
        return DirectoryObjectStore.of("registry", volume.resolve("nowhere"));
    }

    /** A file has no ETag, so that one which is given is never its own. */
    @Override
    @Test
    void onlyTheVeryObjectAskedForIsOpened() {
        // Given
        put(store(), key("link"), text("content"));
        Optional<String> another = Optional.of("9a0364b9e99bb480dd25e1f0284c8555");

        // When
        ObjectStoreException changed = assertError(StoreError.PRECONDITION_FAILED, () -> readIf(key("link"), another));
        ObjectStoreException absent = assertError(StoreError.NOT_FOUND, () -> readIf(key("absent"), another));

        // Then
        String where = " in the registry directory " + store().bucket() + ": ";
        assertEquals(
                "Failed to read " + key("link") + where + "it has no ETag, but one was given", changed.getMessage());
        assertEquals(
                "Failed to read " + key("absent") + where + store().bucket() + "/" + key("absent") + " does not exist",
                absent.getMessage());
    }

    @Override
    @Test
    @Disabled("The name of a temporary file does not contain its key")
    void anUploadOfAnotherPrefixIsNotGivenUp() {
        super.anUploadOfAnotherPrefixIsNotGivenUp();
    }

    @Test
    void filesOfAKilledWriterAreDeletedWithUploadsOfTheirAge() throws IOException {
        // Given
        Instant limit = Instant.parse("2026-03-04T05:06:07Z");
        Path temporary = Files.createDirectories(volume.resolve("registry/registry-backup/tmp"));
        Path old = Files.createFile(temporary.resolve("1.part"));
        Path young = Files.createFile(temporary.resolve("2.part"));
        Path foreign = Files.createFile(temporary.resolve("notes.txt"));
        Files.setLastModifiedTime(old, FileTime.from(limit.minusSeconds(1)));
        Files.setLastModifiedTime(young, FileTime.from(limit));
        Files.setLastModifiedTime(foreign, FileTime.from(limit.minus(Duration.ofDays(9))));

        // When
        long removed = store().abortMultipartUploads("any", limit);

        // Then
        assertEquals(1, removed);
        assertEquals(Set.of(young, foreign), Set.copyOf(filesBelow(temporary)));
        Files.delete(young);
        Files.delete(foreign);
    }

    @Test
    void withoutAnyUploadThereIsNothingToAbort() {
        // When
        long removed = store().abortMultipartUploads("", Instant.MAX);

        // Then
        assertEquals(0, removed);
    }

    /** What is not ASCII depends on the locale, and is tested apart. */
    @Override
    @ParameterizedTest
    @ValueSource(
            strings = {
                "docker/registry/v2/repositories/a.b_c-d__e/f/_manifests/tags/V1.2_x-y/current/link",
                "with space",
                "plus+plus",
                "percent%20%2F%",
                "a&b=c;d,e:f@g$h",
                "tilde~bang!star*(round)'single'",
                "question?hash#",
                "back\\slash",
                "...",
                "..two-dots",
                "<tag attribute=\"x\">&amp;",
            })
    void anyKeyIsKeptAsItIs(String name) {
        super.anyKeyIsKeptAsItIs(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"umlaut-röt", "astral-📦", "nfd-o\u0308"})
    @EnabledIfSystemProperty(
            named = "sun.jnu.encoding",
            matches = "UTF-8",
            disabledReason = "The locale has no such names")
    void aKeyThatIsNotAsciiIsKeptAsItIs(String name) {
        super.anyKeyIsKeptAsItIs(name);
    }

    /** A directory has no entry without a name. */
    @Override
    @Test
    void aKeyMayHaveAnEmptySegment() {
        // When
        ObjectStoreException refusal =
                assertError(StoreError.BAD_REQUEST, () -> put(store(), key("double//slash"), text("content")));

        // Then
        assertEquals(
                "Failed to write " + key("double//slash") + " in the registry directory " + store().bucket()
                        + ": \"\" between slashes is not a file name",
                refusal.getMessage());
        assertEquals(List.of(), keys(store(), ""));
    }

    /** What is a file is no directory. */
    @Override
    @Test
    void aKeyMayBeTheBeginningOfAnother() {
        // Given
        put(store(), key("a/b"), text("there"));
        String where = " in the registry directory " + store().bucket() + ": " + store().bucket() + "/";

        // When
        ObjectStoreException shorter =
                assertError(StoreError.BAD_REQUEST, () -> put(store(), key("a"), text("shorter")));
        ObjectStoreException longer =
                assertError(StoreError.BAD_REQUEST, () -> put(store(), key("a/b/c"), text("longer")));

        // Then
        assertEquals(
                "Failed to write " + key("a") + where + key("a") + " is a directory of other objects",
                shorter.getMessage());
        assertEquals(
                "Failed to write " + key("a/b/c") + where + key("a/b") + " is a file, not a directory",
                longer.getMessage());
        for (String name : List.of("a", "a/b/c")) {
            assertError(
                    StoreError.BAD_REQUEST,
                    () -> store().putIfAbsent(key(name), ContentSource.of(text("content")), Map.of()));
            assertError(StoreError.BAD_REQUEST, () -> denyWrites(key(name)));
            assertError(StoreError.NOT_FOUND, () -> read(store(), key(name)));
            assertEquals(Optional.empty(), store().head(key(name)));
            store().delete(key(name), Optional.empty());
        }
        assertEquals(List.of(key("a/b")), keys(store(), ""));
        assertEquals(List.of(), keys(store(), key("a/b/")));
        assertArrayEquals(text("there"), read(store(), key("a/b")));
    }

    @Override
    @Test
    @Disabled("A directory has no pages, and it takes seconds to have each file on the disk")
    void moreObjectsThanAPageHoldsAreListedOnceEach() {
        super.moreObjectsThanAPageHoldsAreListedOnceEach();
    }

    @Test
    void aLargeDirectoryIsListedWhole() throws IOException {
        // Given
        List<String> names =
                IntStream.range(0, 1_100).mapToObj("docker/%04d"::formatted).toList();
        Files.createDirectory(volume.resolve("registry/docker"));
        for (String name : names) {
            Files.createFile(volume.resolve("registry").resolve(name));
        }

        // When
        List<String> listed = keys(store(), "");

        // Then
        assertEquals(names, listed);
    }

    @Override
    @Test
    void aBucketReportsItsConfigurationAndNeverThrows() {
        // When
        BucketConfiguration facts = store().bucketConfiguration();

        // Then
        assertEquals(ProbeResult.of(false), facts.versioningEnabled());
        assertEquals(ProbeResult.permanentFailure("it is a directory"), facts.lifecycleRules());
        assertEquals(ProbeResult.permanentFailure("it is a directory"), facts.notificationRules());
    }

    @Override
    @Test
    void onlyABucketThatKeepsVersionsSaysSo() {
        assertFalse(store().isVersioned());
    }

    @Test
    void theOneVersionOfAFileIsTheFile() {
        // Given
        put(store(), key("a"), text("content"));
        ObjectInfo file = store().head(key("a")).orElseThrow();

        // When
        List<ObjectVersion> versions = versions(store(), key(""));

        // Then
        assertEquals(List.of(new ObjectVersion(key("a"), "null", 7, "", file.lastModified(), false)), versions);
        assertEquals(Optional.of(file), store().headVersion(key("a"), "null"));
        assertEquals(Optional.empty(), store().headVersion(key("a"), "another"));
        try (OpenObject opened = store().openVersion(key("a"), "null", Optional.of(new ByteRange(0, 3)))) {
            assertArrayEquals(text("con"), opened.readAll(3));
        }
        assertError(
                StoreError.NOT_FOUND,
                () -> store().openVersion(key("a"), "another", Optional.empty()).close());
    }

    @Test
    void onlyTheVersionThatAFileIsCanBeRemoved() {
        // Given
        put(store(), key("a"), text("content"));
        store().delete(key("a"), Optional.of("another"));
        List<String> withAnother = keys(store(), "");

        // When
        store().delete(key("a"), Optional.of("null"));

        // Then
        assertEquals(List.of(key("a")), withAnother);
        assertEquals(List.of(), keys(store(), ""));
    }

    @Test
    void contentThatBreaksOnceIsReadAgain() {
        // Given
        byte[] content = RandomBytes.of(300_000);
        CountedContent breaking = CountedContent.breakingOnce(content);

        // When
        store().put(key("data"), breaking, Map.of());

        // Then
        assertEquals(2, breaking.openCount());
        assertArrayEquals(content, read(store(), key("data")));
    }

    @Test
    void contentThatIsNotAsLongAsItSaysIsNotWritten() {
        // Given
        put(store(), key("data"), text("old"));
        CountedContent shorter =
                new CountedContent(300_000, number -> new ByteArrayInputStream(RandomBytes.of(299_999)));
        CountedContent longer =
                new CountedContent(100_000, number -> new ByteArrayInputStream(RandomBytes.of(300_000)));

        // When
        ObjectStoreException tooShort =
                assertError(StoreError.UNAVAILABLE, () -> store().put(key("data"), shorter, Map.of()));
        ObjectStoreException tooLong =
                assertError(StoreError.UNAVAILABLE, () -> store().put(key("data"), longer, Map.of()));

        // Then
        String attempted = "Failed to write " + key("data") + " in the registry directory " + store().bucket() + ": ";
        assertEquals(attempted + "Expected 300000 bytes but read 299999", tooShort.getMessage());
        assertEquals(attempted + "Expected 100000 bytes but read at least 131072", tooLong.getMessage());
        assertArrayEquals(text("old"), read(store(), key("data")));
    }

    @Test
    void aPartThatBreaksIsReadAgainAndLeavesNothingOfItself() {
        // Given
        byte[] first = RandomBytes.of(100_000);
        byte[] last = RandomBytes.of(70_000);
        CountedContent never = new CountedContent(
                300_000,
                number -> new BreakingInputStream(RandomBytes.of(300_000), 200_000, () -> new IOException("cut")));

        // When
        try (MultipartUpload upload = store().startMultipartUpload(key("data"), Map.of())) {
            upload.uploadPart(CountedContent.breakingOnce(first));
            assertThrows(ObjectStoreException.class, () -> upload.uploadPart(never));
            upload.uploadPart(CountedContent.breakingOnce(last));
            assertThrows(ObjectStoreException.class, () -> upload.uploadPart(never));
            upload.complete();
        }

        // Then
        byte[] both = Arrays.copyOf(first, 170_000);
        System.arraycopy(last, 0, both, 100_000, 70_000);
        assertArrayEquals(both, read(store(), key("data")));
    }

    private void readIf(String key, Optional<String> etag) {
        try (OpenObject opened = store().open(key, Optional.empty(), etag)) {
            opened.readAll(1 << 20);
        }
    }

    private void denyWrites(String key) {
        try (MultipartUpload upload = store().startMultipartUpload(key, Map.of())) {
            upload.complete();
        }
    }

    private static List<Path> filesBelow(Path folder) {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to list " + folder, e);
        }
    }
}
