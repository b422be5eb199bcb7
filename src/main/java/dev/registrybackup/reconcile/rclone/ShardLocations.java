package dev.registrybackup.reconcile.rclone;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where rclone is to look. To a bucket a prefix without keys is just empty; a directory that is not there rclone takes for an
 * error in the registry, so an empty one is shown to it instead, if the root above is there.
 */
final class ShardLocations {
    private final Path emptyDirectory;

    /** With a directory in which nothing is and will be. */
    ShardLocations(Path empty) {
        this.emptyDirectory = empty;
    }

    /** The prefix in the store. */
    String locate(RcloneRemote rcloneRemote, String prefix) {
        boolean absent = rcloneRemote
                .directory()
                .filter(root -> Files.notExists(root.resolve(prefix)))
                .isPresent();
        return absent ? rcloneRemote.name() + ":" + emptyDirectory.toAbsolutePath() : rcloneRemote.path(prefix);
    }

    /** Why a store that is a directory cannot be compared: it is not there, as when its volume is not mounted. */
    Optional<String> problem(RcloneRemote rcloneRemote) {
        return rcloneRemote
                .directory()
                .filter(root -> !Files.isDirectory(root))
                .map(root -> "the %s directory %s does not exist or is no directory; mount its volume"
                        .formatted(rcloneRemote.name(), root));
    }
}
