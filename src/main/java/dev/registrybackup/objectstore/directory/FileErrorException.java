package dev.registrybackup.objectstore.directory;

import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;

/** A file that the store refuses although the file system does not, with the error for callers of the store. */
final class FileErrorException extends IOException {
    private static final long serialVersionUID = 1L;

    private final StoreError error;

    FileErrorException(StoreError error, String reason) {
        super(reason);
        this.error = error;
    }

    StoreError error() {
        return error;
    }
}
