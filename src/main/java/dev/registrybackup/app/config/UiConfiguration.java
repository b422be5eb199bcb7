package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** What the page at `/` says of its surroundings. */
@ConfigMapping(prefix = "ui")
public interface UiConfiguration {
    /** Where the restore service is, for the commands that the page shows to be copied. */
    @WithDefault("http://restore.registry-backup.svc.cluster.local")
    String restoreUrl();
}
