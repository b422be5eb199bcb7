package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** How much moves at once. */
@ConfigMapping(prefix = "concurrency")
public interface ConcurrencyConfiguration {
    /** How many requests and objects up to 1 MiB may be under way at once. */
    @WithDefault("16")
    int smallObjects();

    /** How many objects above 1 MiB may move at once. */
    @WithDefault("4")
    int largeObjects();
}
