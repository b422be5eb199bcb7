package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** The registry's storage: read only, but by restores into it. */
@ConfigMapping(prefix = "registry")
public interface RegistryConfiguration extends RegistryStoreConfiguration {
    /** What to do with objects that the registry's layout does not know: `report` or `copy`. */
    @WithDefault("report")
    String unknownObjects();

    /** Which registry it is: `plain`, or `openshift`, whose ImageStreams are captured too, and which takes much from etcd. */
    @WithDefault("plain")
    String kind();
}
