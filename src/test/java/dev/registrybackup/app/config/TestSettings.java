package dev.registrybackup.app.config;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.spi.ConfigSource;

/** Settings from properties, as the program reads them. */
public final class TestSettings {
    private static final Map<String, String> TWO_BUCKETS =
            Map.of("registry.bucket", "images", "backup.bucket", "backup");

    private TestSettings() {}

    /** With two buckets on AWS unless the properties say otherwise, outside any cluster. */
    public static Settings with(Map<String, String> properties, ConfigSource... others) {
        return with(properties, RuntimeEnvironment.of(Map.of()), others);
    }

    /** With two buckets on AWS unless the properties say otherwise. */
    public static Settings with(
            Map<String, String> properties, RuntimeEnvironment environment, ConfigSource... others) {
        Map<String, String> all = new HashMap<>(TWO_BUCKETS);
        all.putAll(properties);
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(Configuration.class)
                .withSources(new PropertiesConfigSource(all, "test", 100))
                .withSources(others)
                .build();
        return new Settings(config.getConfigMapping(Configuration.class), config, environment, Optional.empty(), false);
    }
}
