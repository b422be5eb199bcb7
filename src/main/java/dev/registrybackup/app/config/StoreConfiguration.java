package dev.registrybackup.app.config;

import java.util.Optional;

/** How a bucket is reached; the same keys for each store. */
public interface StoreConfiguration {
    /** The store's URL; none for AWS itself. */
    Optional<String> endpoint();

    /** The store's region; `us-east-1` if only an endpoint is given, else the SDK's default chain. */
    Optional<String> region();

    /** The bucket. */
    Optional<String> bucket();

    /** The access key; without it, the SDK's default chain. */
    Optional<String> accessKey();

    /** The secret key that belongs to the access key. */
    Optional<String> secretKey();

    /** Whether the bucket goes into the path and not into the host name; by default if an endpoint is given. */
    Optional<Boolean> pathStyle();

    /** A PEM file of certificates to trust beside the system's. */
    Optional<String> caCertificate();
}
