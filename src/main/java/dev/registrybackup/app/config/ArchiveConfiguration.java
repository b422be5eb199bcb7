package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** A second place for the backup. */
@ConfigMapping(prefix = "archive")
public interface ArchiveConfiguration {
    /** Where, as rclone has it: `remote:bucket/path`, with `RCLONE_CONFIG_<REMOTE>_…` in the environment, or a directory. None: no archive. */
    Optional<String> remote();

    /** In the same remote, where what is replaced or leaves is moved, in a directory a day; without it, it goes for good. */
    Optional<String> backupDir();

    /** What becomes of what is not in the backup any more: `keep` or `mirror`. */
    @WithDefault("keep")
    String deletes();

    /** For how long what was moved to `archive.backup-dir` is kept there. */
    @WithDefault("P90D")
    Duration retention();
}
