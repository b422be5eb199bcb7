package dev.registrybackup.objectstore.directory;

import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;

/** Something about a file that is no failure of the file system, with what it is to callers of the store. */
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
