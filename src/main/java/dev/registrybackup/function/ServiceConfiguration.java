package dev.registrybackup.function;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** What this process does. */
@ConfigMapping(prefix = "service")
public interface ServiceConfiguration {
    /** The role: `replicate`, `dead-letter` to only record what a broker could not deliver, or `restore` to restore and verify. */
    @WithDefault("replicate")
    Role role();

    /** The roles, named as their functions are. */
    enum Role {
        REPLICATE,
        DEAD_LETTER,
        RESTORE
    }
}
