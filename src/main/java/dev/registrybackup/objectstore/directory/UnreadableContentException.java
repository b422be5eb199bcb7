package dev.registrybackup.objectstore.directory;

import java.io.IOException;

/** What was to be written could not be read: told apart from a disk that does not take it, since reading again may help. */
final class UnreadableContentException extends IOException {
    private static final long serialVersionUID = 1L;

    UnreadableContentException(IOException cause) {
        super(DirectoryErrors.message(cause), cause);
    }

    UnreadableContentException(String message) {
        super(message);
    }
}
