package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** What this process does. */
@ConfigMapping(prefix = "service")
public interface ServiceConfiguration {
    /** The role: `replicate`, `dead-letter` to only record what a broker could not deliver, `restore` to restore, `operations` for everything else that is asked for or scheduled: verify, reconcile, catalog; or `capture` to capture the ImageStreams of OpenShift. */
    @WithDefault("replicate")
    Role role();

    /** The roles. The function that takes the events of each is named in application.properties. */
    enum Role {
        REPLICATE,
        DEAD_LETTER,
        RESTORE,
        OPERATIONS,
        CAPTURE
    }
}
