package dev.registrybackup.objectstore.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which files are objects, under which keys, and in which order. */
class DirectoryKeysTest {
    private static final Comparator<String> BY_BYTES =
            Comparator.comparing(key -> key.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);

    private final Path root;
    private final Path outside;
    private final DirectoryObjectStore store;

    DirectoryKeysTest(@TempDir Path volume) throws IOException {
        root = Files.createDirectories(volume.resolve("root"));
        outside = Files.createDirectories(volume.resolve("outside"));
        Files.writeString(outside.resolve("file"), "not an object");
        store = DirectoryObjectStore.of("registry", root);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "/file",
                "file/",
                "a//b",
                ".",
                "..",
                "../outside/file",
                "a/../../outside/file",
                "a/../b",
                "./a",
                "a/.",
                "a/..",
                "nul\0",
                "registry-backup/tmp",
                "registry-backup/tmp/a",
                "lost+found/a",
            })
    void aKeyThatNoObjectCanHaveIsRefused(String key) throws IOException {
        assertNoObjectAt(key);
    }

    @Test
    void aNameThatIsTooLongForAFileIsRefused() throws IOException {
        // Given
        String longest = "ö".repeat(127) + "x";

        // Then
        assertEquals(Optional.empty(), DirectoryTree.invalidKeyReason(longest));
        assertEquals(Optional.of("file names have at most 255 bytes"), DirectoryTree.invalidKeyReason(longest + "y"));
        assertNoObjectAt("a/" + longest + "y/b");
    }

    private void assertNoObjectAt(String key) throws IOException {
        ContentSource content = ContentSource.of(new byte[1]);
        List<Executable> requests = List.of(
                () -> store.put(key, content, Map.of()),
                () -> store.putIfAbsent(key, content, Map.of()),
                () -> start(key),
                () -> read(key),
                () -> store.delete(key, Optional.empty()));
        for (Executable request : requests) {
            ObjectStoreException refusal = assertThrows(ObjectStoreException.class, request);
            assertEquals(StoreError.BAD_REQUEST, refusal.error(), refusal.getMessage());
        }
        assertEquals(Optional.empty(), store.head(key));
        assertEquals(Optional.empty(), store.headBeforeWrite(key));
        assertEquals(List.of(), keys(key));
        try (Stream<Path> entries = Files.list(root)) {
            assertEquals(List.of(), entries.toList());
        }
        assertEquals("not an object", Files.readString(outside.resolve("file")));
    }

    @Test
    void theRefusalPrintsANulAsText() {
        // When
        ObjectStoreException refusal = assertThrows(
                ObjectStoreException.class, () -> store.put("a/nul\0", ContentSource.of(new byte[1]), Map.of()));

        // Then
        assertEquals(
                "Failed to write a/nul\\0 in the registry directory " + root + ": file names have no NUL",
                refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "../", "../outside/", "a/..", "a/../", "a/../../outside/f", "/", "a//", "b/./"})
    void noPrefixLeadsOut(String prefix) throws IOException {
        // Given
        write("a/b", "b/c");

        // When
        List<String> listed = keys(prefix);

        // Then
        assertEquals(List.of(), listed);
    }

    @ParameterizedTest
    @CsvSource({"link,link,outside", "a/link,a/link,outside/file", "link/file,link,outside", "a/link,a/link,nowhere"})
    void symbolicLinksAreRefusedAndNotPassedOver(String key, String name, String target) throws IOException {
        // Given
        write("a/b");
        Path link = Files.createSymbolicLink(root.resolve(name), root.resolveSibling(target));
        ContentSource content = ContentSource.of(new byte[1]);

        // When
        List<Executable> requests = List.of(
                () -> store.head(key),
                () -> read(key),
                () -> store.put(key, content, Map.of()),
                () -> store.putIfAbsent(key, content, Map.of()),
                () -> start(key),
                () -> store.delete(key, Optional.empty()),
                () -> keys(""),
                () -> keys(key));

        // Then
        for (Executable request : requests) {
            ObjectStoreException refusal = assertThrows(ObjectStoreException.class, request);
            assertEquals(StoreError.BAD_REQUEST, refusal.error(), refusal.getMessage());
            assertEquals(
                    link + " is neither a file nor a directory, and links are not followed."
                            + " Replace it by its target",
                    String.valueOf(refusal.getMessage()).replaceFirst("^.*?: ", ""));
        }
        assertEquals("not an object", Files.readString(outside.resolve("file")));
        assertEquals(List.of("a/b"), keys("a/b"));
    }

    @Test
    void theDirectoryItselfMayBeALink() throws IOException {
        // Given
        write("a/b");
        Path link = Files.createSymbolicLink(outside.resolve("link"), root);

        // When
        DirectoryObjectStore throughLink = DirectoryObjectStore.of("registry", link);
        throughLink.put("c", ContentSource.of(new byte[1]), Map.of());

        // Then
        assertEquals(List.of("a/b", "c"), keys(""));
        try (Stream<ObjectInfo> objects = throughLink.list("")) {
            assertEquals(List.of("a/b", "c"), objects.map(ObjectInfo::key).toList());
        }
    }

    @Test
    void filesUnderWayAndLostOnesAreNoObjects() throws IOException {
        // Given
        write("lost+found/1234", "registry-backup/tmp/1.part", "registry-backup/pending/1", "registry-backup/tmp-2");

        // When
        List<String> all = keys("");
        List<String> underWay = keys("registry-backup/tmp/");

        // Then
        assertEquals(List.of("registry-backup/pending/1", "registry-backup/tmp-2"), all);
        assertEquals(List.of(), underWay);
        assertEquals(List.of("registry-backup/tmp-2"), keys("registry-backup/tm"));
    }

    @Test
    void aDirectoryIsOrderedByTheSlashAfterItsName() throws IOException {
        // Given
        List<String> ordered = List.of("a!", "a-/x", "a-b/x", "a.b", "a.b.c/x", "a/b", "a/c/d", "a0", "b");
        write(ordered.toArray(String[]::new));
        Files.createDirectories(root.resolve("a/empty/more"));

        // When
        List<String> listed = keys("");

        // Then
        assertEquals(ordered, listed);
        assertEquals(List.of("a-/x", "a-b/x"), keys("a-"));
        assertEquals(List.of("a/c/d"), keys("a/c"));
        assertEquals(List.of("a/c/d"), keys("a/c/d"));
        assertEquals(List.of(), keys("a/c/d/"));
        assertEquals(List.of(), keys("a/empty"));
        assertEquals(List.of(), keys("nowhere/b"));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void anyTreeIsListedByTheBytesOfItsKeysUnderAnyPrefix(long seed) throws IOException {
        // Given
        Random random = new Random(seed);
        TreeSet<String> expected = new TreeSet<>(BY_BYTES);
        while (expected.size() < 200) {
            String key = randomKey(random);
            if (Files.notExists(root.resolve(key)) && write(key)) {
                expected.add(key);
            }
        }
        List<String> prefixes = new ArrayList<>(List.of(""));
        for (int number = 0; number < 100; number++) {
            String key = randomKey(random);
            prefixes.add(key.substring(0, random.nextInt(key.length() + 1)));
        }

        for (String prefix : prefixes) {
            // When
            List<String> listed = keys(prefix);

            // Then
            assertEquals(
                    expected.stream().filter(key -> key.startsWith(prefix)).toList(),
                    listed,
                    "seed %d, prefix %s".formatted(seed, prefix));
        }
    }

    private static String randomKey(Random random) {
        StringBuilder key = new StringBuilder("k");
        for (int length = random.nextInt(9); length > 0; length--) {
            key.append("ab-./0_".charAt(random.nextInt(7)));
        }
        return key.toString().replaceAll("(?<=^|/)[./]+|/+$|/(?=/)", "") + "z";
    }

    @Test
    @EnabledIfSystemProperty(
            named = "sun.jnu.encoding",
            matches = "UTF-8",
            disabledReason = "The locale has no such names")
    void theOrderIsThatOfBytesAndNotOfCharacters() throws IOException {
        // Given
        List<String> ordered = List.of("z", "ö", "｡", "📦");
        write(ordered.toArray(String[]::new));

        // When
        List<String> listed = keys("");

        // Then
        assertEquals(ordered, listed);
    }

    @Test
    void filesDeletedDuringAListingAreSkipped() throws IOException {
        // Given
        write("a/1", "b/1", "b/c/1", "d/1");
        List<String> listed = new ArrayList<>();

        // When
        try (Stream<ObjectInfo> objects = store.list("")) {
            objects.forEach(object -> {
                listed.add(object.key());
                if (object.key().equals("a/1")) {
                    store.delete("b/1", Optional.empty());
                    store.delete("b/c/1", Optional.empty());
                }
            });
        }

        // Then
        assertEquals(List.of("a/1", "d/1"), listed);
    }

    @Test
    void anUnmountedVolumeDoesNotEndAListing() throws IOException {
        // Given
        write("a/1", "b/1");

        // When
        ObjectStoreException missing = assertThrows(ObjectStoreException.class, () -> {
            try (Stream<ObjectInfo> objects = store.list("")) {
                objects.forEach(object -> rename(root, root.resolveSibling("unmounted")));
            }
        });

        // Then
        assertEquals(StoreError.BUCKET_MISSING, missing.error(), missing.getMessage());
    }

    private static void rename(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Writes files as a registry would; returns whether the file system accepted all of them. */
    private boolean write(String... keys) throws IOException {
        for (String key : keys) {
            try {
                Path file = root.resolve(key);
                Files.createDirectories(Objects.requireNonNull(file.getParent()));
                Files.writeString(file, key);
            } catch (FileSystemException e) {
                return false;
            }
        }
        return true;
    }

    private List<String> keys(String prefix) {
        try (Stream<ObjectInfo> objects = store.list(prefix)) {
            return objects.map(ObjectInfo::key).toList();
        }
    }

    private void read(String key) {
        try (OpenObject opened = store.open(key, Optional.empty(), Optional.empty())) {
            opened.readAll(1 << 20);
        }
    }

    private void start(String key) {
        try (MultipartUpload upload = store.startMultipartUpload(key, Map.of())) {
            upload.complete();
        }
    }
}
