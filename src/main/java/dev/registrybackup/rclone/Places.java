package dev.registrybackup.rclone;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where rclone is to look. To a bucket a prefix without keys is just empty; a directory that is not there rclone takes for an
 * error in the registry, so an empty one is shown to it instead, if the root above is there.
 */
final class Places {
    private final Path empty;

    /** With a directory in which nothing is and will be. */
    Places(Path empty) {
        this.empty = empty;
    }

    /** The prefix in the store. */
    String of(Remote remote, String prefix) {
        boolean absent = remote.directory()
                .filter(root -> Files.notExists(root.resolve(prefix)))
                .isPresent();
        return absent ? remote.name() + ":" + empty.toAbsolutePath() : remote.path(prefix);
    }

    /** Why a store that is a directory cannot be compared: it is not there, as when its volume is not mounted. */
    Optional<String> problem(Remote remote) {
        return remote.directory()
                .filter(root -> !Files.isDirectory(root))
                .map(root -> "the %s directory %s does not exist or is no directory; mount its volume"
                        .formatted(remote.name(), root));
    }
}
