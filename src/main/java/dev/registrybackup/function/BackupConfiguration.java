package dev.registrybackup.function;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** The backup's bucket. */
@ConfigMapping(prefix = "backup")
public interface BackupConfiguration {
    /** The store's URL; none for AWS itself. */
    Optional<String> endpoint();

    /** The store's region; `us-east-1` if only an endpoint is given, else the SDK's default chain. */
    Optional<String> region();

    /** The bucket the backup is kept in; another than the registry's. Required. */
    Optional<String> bucket();

    /** The access key; without it, the SDK's default chain. */
    Optional<String> accessKey();

    /** The secret key that belongs to the access key. */
    Optional<String> secretKey();

    /** Whether the bucket goes into the path and not into the host name; by default if an endpoint is given. */
    Optional<Boolean> pathStyle();

    /** A PEM file of certificates to trust beside the system's. */
    Optional<String> caCertificate();

    /** The storage class objects are written with; by default the bucket's. No archive class: restores read at once. */
    Optional<String> storageClass();

    /** Server-side encryption: `none` (the bucket's default), `AES256`, `aws:kms`, or `aws:kms:` and a key id. */
    @WithDefault("none")
    String encryption();
}
