package dev.registrybackup.objectstore.s3;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How one store is reached.
 *
 * @param name {@code registry} or {@code backup}: the prefix of its properties, for messages
 * @param endpoint empty for AWS itself
 * @param region empty for the SDK's default chain
 * @param bucket the bucket's name
 * @param credentials empty for the SDK's default chain
 * @param pathStyle whether the bucket goes into the path and not into the host name
 * @param caCertificate a PEM file of certificates trusted beside the system's
 * @param writeOptions how objects are written
 */
public record S3Settings(
        String name,
        Optional<URI> endpoint,
        Optional<String> region,
        String bucket,
        Optional<Credentials> credentials,
        boolean pathStyle,
        Optional<Path> caCertificate,
        WriteOptions writeOptions) {
    /** An access key with its secret, which {@link #toString} keeps to itself. */
    public record Credentials(String accessKey, String secretKey) {
        @Override
        public String toString() {
            return "Credentials[accessKey=" + accessKey + ", secretKey=…]";
        }
    }

    /**
     * How objects are written.
     *
     * @param storageClass empty for the bucket's default
     * @param encryption empty to leave it to the bucket
     * @param kmsKeyId the key for {@code aws:kms}; empty for the account's default key
     */
    public record WriteOptions(Optional<String> storageClass, Optional<String> encryption, Optional<String> kmsKeyId) {
        /** As the bucket has it. */
        public static final WriteOptions DEFAULT =
                new WriteOptions(Optional.empty(), Optional.empty(), Optional.empty());
    }
}
