package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How long a store may take. */
@ConfigMapping(prefix = "timeouts")
public interface TimeoutsConfiguration {
    /** To take a connection. */
    @WithDefault("2s")
    Duration connect();

    /** To send the next bytes of an answer, or to take more of a request. */
    @WithDefault("30s")
    Duration idle();

    /** To answer a request that moves no object's bytes, each attempt. */
    @WithDefault("10s")
    Duration smallRequest();
}
