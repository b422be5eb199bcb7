package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** How hard bulk work may press on the stores. */
@ConfigMapping(prefix = "bandwidth")
public interface BandwidthConfiguration {
    /** How many bytes a second restore, verify and reconcile may read, over all objects; 0 for as many as come. Never bounds events. */
    @WithDefault("0")
    long bytesPerSecond();
}
