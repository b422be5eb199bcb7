package dev.registrybackup.objectstore.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exceptions of the file system become those of the port. */
class DirectoryErrorsTest {
    private static final String KEY = "docker/registry/v2/blobs/sha256/00/00/data";

    private final Path root;
    private final DirectoryErrors failures;

    DirectoryErrorsTest(@TempDir Path root) {
        this.root = root;
        this.failures = new DirectoryErrors("backup", root);
    }

    @Test
    void aMissingFileIsAbsentForReadersAndAFailureForWriters() {
        // Given
        IOException missing = new NoSuchFileException("/volume/file");
        String where = KEY + " in the backup directory " + root + ": /volume/file does not exist";

        // When
        ObjectStoreException reading = failedReading(missing);
        ObjectStoreException writing = failedWriting(missing);

        // Then
        assertIs(StoreError.NOT_FOUND, "Failed to read " + where, reading);
        assertIs(StoreError.UNAVAILABLE, "Failed to write " + where, writing);
    }

    @Test
    void aForbiddenObjectIsNeverAbsent() {
        // Given
        IOException denied = new AccessDeniedException("/volume/file");
        String where = KEY + " in the backup directory " + root + ": access to /volume/file is denied."
                + " Check the user and the groups of this process against owner, group and mode there";

        // When
        ObjectStoreException reading = failedReading(denied);
        ObjectStoreException writing = failedWriting(denied);

        // Then
        assertIs(StoreError.FORBIDDEN, "Failed to read " + where, reading);
        assertIs(StoreError.FORBIDDEN, "Failed to write " + where, writing);
    }

    @Test
    void anyOtherErrorIsReportedAsItIs() {
        // Given
        String where = "Failed to write " + KEY + " in the backup directory " + root + ": ";

        // When
        ObjectStoreException full = failedWriting(new IOException("No space left on device"));
        ObjectStoreException readOnly = failedWriting(new FileSystemException("/v/f", null, "Read-only file system"));
        ObjectStoreException interrupted = failedWriting(new ClosedByInterruptException());

        // Then
        assertIs(StoreError.UNAVAILABLE, where + "No space left on device", full);
        assertIs(StoreError.UNAVAILABLE, where + "/v/f: Read-only file system", readOnly);
        assertIs(StoreError.UNAVAILABLE, where + "java.nio.channels.ClosedByInterruptException", interrupted);
    }

    @Test
    void anUnmountedVolumeIsNoEmptyRegistryAndNeverMade() throws IOException {
        // Given
        Path missing = root.resolve("missing");
        Path file = Files.createFile(root.resolve("file"));
        ObjectStore onMissing = DirectoryObjectStore.of("registry", missing);
        ObjectStore onFile = DirectoryObjectStore.of("registry", file);
        ContentSource content = ContentSource.of(new byte[1]);

        // When
        ObjectStoreException absent =
                assertThrows(ObjectStoreException.class, () -> onMissing.put(KEY, content, Map.of()));
        ObjectStoreException noDirectory = assertThrows(ObjectStoreException.class, () -> onFile.head(KEY));

        // Then
        String remedy = ". Mount the volume there or correct the path in the configuration";
        assertIs(
                StoreError.BUCKET_MISSING,
                "Failed to reach the registry directory " + missing + ": it does not exist" + remedy,
                absent);
        assertIs(
                StoreError.BUCKET_MISSING,
                "Failed to reach the registry directory " + file + ": it is not a directory" + remedy,
                noDirectory);
        assertThrows(ObjectStoreException.class, () -> onMissing.putIfAbsent(KEY, content, Map.of()));
        assertFalse(Files.exists(missing));
    }

    @Test
    void aDirectoryThatCannotBeReadIsForbidden() throws IOException {
        // Given
        Path closed = Files.createDirectories(root.resolve("docker/registry"));
        Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
        assumeFalse(Files.isReadable(closed), "Root reads all");
        ObjectStore store = DirectoryObjectStore.of("registry", root);

        // When
        ObjectStoreException listing = assertThrows(ObjectStoreException.class, () -> {
            try (Stream<?> objects = store.list("docker/")) {
                objects.count();
            }
        });
        ObjectStoreException finding = assertThrows(ObjectStoreException.class, () -> store.head(KEY));

        // Then
        assertEquals(StoreError.FORBIDDEN, listing.error());
        assertEquals(StoreError.FORBIDDEN, finding.error());
        assertTrue(String.valueOf(listing.getMessage()).contains(" list docker/registry/ in "), listing.getMessage());
    }

    private ObjectStoreException failedReading(IOException e) {
        return assertThrows(
                ObjectStoreException.class,
                () -> failures.call("read", KEY, () -> {
                    throw e;
                }));
    }

    private ObjectStoreException failedWriting(IOException e) {
        return assertThrows(
                ObjectStoreException.class,
                () -> failures.callWrite("write", KEY, () -> {
                    throw e;
                }));
    }

    private static void assertIs(StoreError error, String message, ObjectStoreException failure) {
        assertEquals(message, failure.getMessage());
        assertEquals(error, failure.error());
    }
}
