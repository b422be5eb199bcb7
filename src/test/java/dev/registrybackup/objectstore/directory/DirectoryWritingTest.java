package dev.registrybackup.objectstore.directory;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other processes see of a directory while it is written. */
class DirectoryWritingTest {
    private static final String TAG = "docker/registry/v2/repositories/team/app/_manifests/tags/v1/";
    private static final String LINK = TAG + "current/link";
    private static final int THREADS = 8;

    private final Path root;
    private final DirectoryObjectStore store;

    @AutoClose("shutdownNow")
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    DirectoryWritingTest(@TempDir Path root) {
        this.root = root;
        this.store = DirectoryObjectStore.of("backup", root);
    }

    /** Content that runs an action whenever it is read. */
    private record WhileRead(Runnable look) implements ContentSource {
        @Override
        public long size() {
            return 200_000;
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(new byte[200_000]) {
                @Override
                public synchronized int read(byte[] buffer, int offset, int length) {
                    look.run();
                    return super.read(buffer, offset, length);
                }
            };
        }
    }

    @Test
    void aFileBeingWrittenIsOnlyInOurOwnDirectory() {
        // Given
        put(LINK, "old");
        Set<String> underWay = new HashSet<>();
        Set<String> read = new HashSet<>();
        ContentSource content = new WhileRead(() -> {
            underWay.addAll(files());
            read.add(read(LINK));
        });

        // When
        store.putIfAbsent(TAG + "index/sha256/00/link", content, Map.of());
        try (MultipartUpload upload =
                store.startMultipartUpload("docker/registry/v2/blobs/sha256/00/00/data", Map.of())) {
            upload.uploadPart(content);
            upload.complete();
        }
        store.put(LINK, content, Map.of());

        // Then
        files().forEach(underWay::remove);
        assertEquals(3, underWay.size(), underWay.toString());
        for (String file : underWay) {
            assertTrue(file.startsWith("registry-backup/tmp/"), file);
            assertTrue(file.startsWith(RegistryLayout.METADATA_PREFIX), file);
        }
        assertEquals(Set.of("old"), read);
        assertEquals(
                List.of("docker/registry/v2/blobs/sha256/00/00/data", LINK, TAG + "index/sha256/00/link"), files());
    }

    @Test
    void contentThatFailsLeavesTheOldFileAndNothingElse() {
        // Given
        put(LINK, "old");
        IllegalStateException failure = new IllegalStateException("no more");
        ContentSource failing = new WhileRead(() -> {
            throw failure;
        });

        // When
        List<Throwable> failures = List.of(
                assertThrows(IllegalStateException.class, () -> store.put(LINK, failing, Map.of())),
                assertThrows(IllegalStateException.class, () -> store.put("a/b/c", failing, Map.of())),
                assertThrows(IllegalStateException.class, () -> store.putIfAbsent("a/b/d", failing, Map.of())));

        // Then
        assertEquals(List.of(failure, failure, failure), failures);
        assertEquals(List.of(LINK), files());
        assertEquals("old", read(LINK));
        assertFalse(Files.exists(root.resolve("a")));
    }

    @Test
    void aReaderKeepsTheOpenedFile() throws IOException {
        // Given
        put(LINK, "the old content");
        byte[] read;

        // When
        try (OpenObject opened = store.open(LINK, Optional.empty(), Optional.empty())) {
            put(LINK, "new");
            read = opened.readAll(100);
        }

        // Then
        assertArrayEquals("the old content".getBytes(UTF_8), read);
        assertEquals("new", Files.readString(root.resolve(LINK)));
    }

    /** A registry writes its links in place. */
    @Test
    void aFileThatIsShortenedUnderItsReaderIsNoWholeObject() throws IOException {
        // Given
        put(LINK, "sha256:0123456789");

        // When
        ObjectStoreException failure;
        try (OpenObject opened = store.open(LINK, Optional.empty(), Optional.empty())) {
            Files.writeString(root.resolve(LINK), "sha256:");
            failure = assertThrows(ObjectStoreException.class, () -> opened.readAll(100));
        }

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error());
        assertEquals("Failed to read " + LINK + " to its end: Ended at byte 7, 10 too early", failure.getMessage());
    }

    @Test
    void writtenFilesHaveTheModeThatTheUmaskAllows() throws IOException {
        // Given
        Path plain = Files.createFile(root.resolve("plain"));
        Path plainDirectory = Files.createDirectory(root.resolve("plain-directory"));

        // When
        put(LINK, "content");
        store.putIfAbsent("a/b", ContentSource.of(new byte[1]), Map.of());

        // Then
        assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(root.resolve(LINK)));
        assertEquals(Files.getPosixFilePermissions(plain), Files.getPosixFilePermissions(root.resolve("a/b")));
        assertEquals(Files.getPosixFilePermissions(plainDirectory), Files.getPosixFilePermissions(root.resolve("a")));
    }

    @Test
    void withAFileTheDirectoriesGoThatAreEmptyWithoutIt() {
        // Given
        put(LINK, "link");
        put(TAG + "index/sha256/00/link", "link");
        put("docker/registry/v2/repositories/team/other/_layers/sha256/00/link", "link");

        // When
        store.delete(LINK, Optional.empty());
        boolean tagAfterTheFirst = Files.isDirectory(root.resolve(TAG));
        store.delete(TAG + "index/sha256/00/link", Optional.empty());

        // Then
        assertTrue(tagAfterTheFirst);
        assertFalse(Files.exists(root.resolve("docker/registry/v2/repositories/team/app")));
        assertTrue(Files.isDirectory(root.resolve("docker/registry/v2/repositories/team/other/_layers")));
    }

    @Test
    void theDirectoryItselfStaysWhenItsLastFileGoes() throws IOException {
        // Given
        Files.createDirectory(root.resolve("empty"));
        Files.createDirectory(root.resolve("a"));
        Files.writeString(root.resolve("a/file"), "content");
        Files.writeString(root.resolve("file"), "content");

        // When
        store.delete("a/file", Optional.empty());
        store.delete("file", Optional.empty());
        store.delete("empty", Optional.empty());

        // Then
        try (Stream<Path> entries = Files.list(root)) {
            assertEquals(List.of(root.resolve("empty")), entries.toList());
        }
    }

    @Test
    void onlyOneOfManyConcurrentWritersIfAbsentWrites() throws Exception {
        for (int round = 0; round < 20; round++) {
            // Given
            String key = "registry-backup/records/" + round;
            CyclicBarrier start = new CyclicBarrier(THREADS);
            List<Callable<Boolean>> writers = IntStream.range(0, THREADS)
                    .<Callable<Boolean>>mapToObj(number -> () -> {
                        start.await();
                        boolean wrote = store.putIfAbsent(key, filledWith(number), Map.of());
                        assertTrue(isWhole(key));
                        return wrote;
                    })
                    .toList();

            // When
            List<Boolean> wrote = results(writers);

            // Then
            assertEquals(1, wrote.stream().filter(won -> won).count(), wrote.toString());
            assertEquals(wrote.indexOf(true), Files.readAllBytes(root.resolve(key))[0]);
        }
        assertEquals(20, files().size());
    }

    @Test
    void aWriterIsNotHarmedByConcurrentDeletions() throws Exception {
        // Given
        List<Callable<Boolean>> writers = IntStream.range(0, THREADS)
                .<Callable<Boolean>>mapToObj(number -> () -> {
                    String key = "docker/registry/" + number % 2 + "/" + number;
                    for (int round = 0; round < 50; round++) {
                        store.put(key, filledWith(number), Map.of());
                        assertTrue(isWhole(key));
                        store.delete(key, Optional.empty());
                    }
                    store.put(key, filledWith(number), Map.of());
                    return isWhole(key);
                })
                .toList();

        // When
        List<Boolean> whole = results(writers);

        // Then
        assertEquals(THREADS, whole.stream().filter(kept -> kept).count());
        assertEquals(THREADS, files().size());
    }

    private <T> List<T> results(List<Callable<T>> calls) throws Exception {
        List<T> results = new ArrayList<>();
        for (Future<T> future : threads.invokeAll(calls)) {
            results.add(future.get());
        }
        return results;
    }

    private static ContentSource filledWith(int number) {
        byte[] bytes = new byte[100_000];
        Arrays.fill(bytes, (byte) number);
        return ContentSource.of(bytes);
    }

    private boolean isWhole(String key) throws IOException {
        byte[] bytes = Files.readAllBytes(root.resolve(key));
        byte[] expected = new byte[100_000];
        Arrays.fill(expected, bytes[0]);
        return Arrays.equals(expected, bytes);
    }

    private void put(String key, String content) {
        store.put(key, ContentSource.of(content.getBytes(UTF_8)), Map.of());
    }

    private String read(String key) {
        try (OpenObject opened = store.open(key, Optional.empty(), Optional.empty())) {
            return new String(opened.readAll(1000), UTF_8);
        }
    }

    /** Whatever is on the disk, object or not, without directories. */
    private List<String> files() {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(Files::isRegularFile)
                    .map(path -> root.relativize(path).toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to list " + root, e);
        }
    }
}
