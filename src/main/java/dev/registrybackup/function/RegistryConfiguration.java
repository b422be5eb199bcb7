package dev.registrybackup.function;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** The registry's bucket, which is read only. */
@ConfigMapping(prefix = "registry")
public interface RegistryConfiguration {
    /** The store's URL; none for AWS itself. */
    Optional<String> endpoint();

    /** The store's region; `us-east-1` if only an endpoint is given, else the SDK's default chain. */
    Optional<String> region();

    /** The bucket the registry writes. Required. */
    Optional<String> bucket();

    /** The registry's `rootdirectory` setting; none on OpenShift. */
    @WithDefault("/")
    String rootDirectory();

    /** The access key; without it, the SDK's default chain. */
    Optional<String> accessKey();

    /** The secret key that belongs to the access key. */
    Optional<String> secretKey();

    /** Whether the bucket goes into the path and not into the host name; by default if an endpoint is given. */
    Optional<Boolean> pathStyle();

    /** A PEM file of certificates to trust beside the system's. */
    Optional<String> caCertificate();

    /** What to do with objects that the registry's layout does not know: `report` or `copy`. */
    @WithDefault("report")
    String foreign();
}
