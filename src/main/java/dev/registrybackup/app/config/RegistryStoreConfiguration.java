package dev.registrybackup.app.config;

import io.smallrye.config.WithDefault;
import java.util.Optional;

/** Where a registry keeps its data: a bucket, or a directory. */
public interface RegistryStoreConfiguration extends StoreConfiguration {
    /** The registry's `rootdirectory` setting; none on OpenShift. */
    @WithDefault("/")
    String rootDirectory();

    /** Instead of a bucket, the directory of a registry that keeps its data on a volume. Not for events. */
    Optional<String> directory();
}
