package dev.registrybackup.objectstore.directory;

import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;

/** Something about a file that is no failure of the file system, with what it is to callers of the store. */
final class FileErrorException extends IOException {
    private static final long serialVersionUID = 1L;

    private final StoreError error;

    private FileErrorException(StoreError error, String reason) {
        super(reason);
        this.error = error;
    }

    /** No object can be at this path, as long as it is what it is. */
    static FileErrorException badRequest(String reason) {
        return new FileErrorException(StoreError.BAD_REQUEST, reason);
    }

    /** The file is not the one that was asked for. */
    static FileErrorException preconditionFailed(String reason) {
        return new FileErrorException(StoreError.PRECONDITION_FAILED, reason);
    }

    StoreError error() {
        return error;
    }
}
