package dev.registrybackup.objectstore.directory;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Converts exceptions of the file system into {@link ObjectStoreException}, with the reason and the remedy. */
final class DirectoryErrors {
    private final String store;
    private final Path root;

    DirectoryErrors(String name, Path root) {
        this.store = "the %s directory %s".formatted(name, root);
        this.root = root;
    }

    /** A file that the store refuses although the file system does not, with the error for callers of the store. */
    static final class FileErrorException extends IOException {
        private static final long serialVersionUID = 1L;

        private final StoreError error;

        FileErrorException(StoreError error, String reason) {
            super(reason);
            this.error = error;
        }
    }

    /** A step on files that returns a result. */
    interface IoSupplier<T> {
        T run() throws IOException;
    }

    /** Runs a step that reads. A failure names the action and the object. */
    <T> T call(String action, String key, IoSupplier<T> ioSupplier) {
        return call(action, key, StoreError.NOT_FOUND, ioSupplier);
    }

    /** Runs a step that writes: anything that it does not find is not the object. */
    <T> T callWrite(String action, String key, IoSupplier<T> ioSupplier) {
        requireDirectory();
        return call(action, key, StoreError.UNAVAILABLE, ioSupplier);
    }

    private <T> T call(String action, String key, StoreError whenNotFound, IoSupplier<T> ioSupplier) {
        try {
            return ioSupplier.run();
        } catch (IOException e) {
            // If the volume is not mounted, no error below it is about an object.
            requireDirectory();
            StoreError error = error(e, whenNotFound);
            String printable = key.replace("\0", "\\0");
            throw new ObjectStoreException(
                    error,
                    "Failed to %s %s in %s: %s".formatted(action, printable, store, reason(e) + remedy(error)),
                    e);
        }
    }

    /** Throws unless the root is a directory. Never creates it. */
    void requireDirectory() {
        try {
            if (Files.readAttributes(root, BasicFileAttributes.class).isDirectory()) {
                return;
            }
        } catch (NoSuchFileException e) {
            throw bucketMissing("it does not exist");
        } catch (IOException e) {
            StoreError error = error(e, StoreError.BUCKET_MISSING);
            throw new ObjectStoreException(
                    error, "Failed to reach %s: %s".formatted(store, reason(e) + remedy(error)), e);
        }
        throw bucketMissing("it is not a directory");
    }

    private ObjectStoreException bucketMissing(String reason) {
        return new ObjectStoreException(
                StoreError.BUCKET_MISSING,
                "Failed to reach %s: %s. Mount the volume there or correct the path in the configuration"
                        .formatted(store, reason));
    }

    private static StoreError error(IOException e, StoreError whenNotFound) {
        if (e instanceof NoSuchFileException) {
            return whenNotFound;
        }
        if (e instanceof NotDirectoryException) {
            return whenNotFound == StoreError.NOT_FOUND ? StoreError.NOT_FOUND : StoreError.BAD_REQUEST;
        }
        if (e instanceof AccessDeniedException) {
            return StoreError.FORBIDDEN;
        }
        return e instanceof FileErrorException known ? known.error : StoreError.UNAVAILABLE;
    }

    private static String reason(IOException e) {
        if (e instanceof NoSuchFileException missing) {
            return missing.getFile() + " does not exist";
        }
        if (e instanceof NotDirectoryException blocked) {
            return blocked.getFile() + " is a file, not a directory";
        }
        if (e instanceof AccessDeniedException denied) {
            return "access to " + denied.getFile() + " is denied";
        }
        // A closed channel has no message of its own.
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private static String remedy(StoreError error) {
        return error == StoreError.FORBIDDEN
                ? ". Check the user and the groups of this process against owner, group and mode there"
                : "";
    }
}
