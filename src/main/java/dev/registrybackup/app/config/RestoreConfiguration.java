package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import java.util.Map;

/** Where restores may go besides the registry. */
@ConfigMapping(prefix = "restore")
public interface RestoreConfiguration {
    /** By name, other stores to restore into or to verify: `restore.targets.<name>.` and the keys of `registry.` up to `directory`. */
    Map<String, RegistryStoreConfiguration> targets();
}
