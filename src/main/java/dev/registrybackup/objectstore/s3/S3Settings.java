package dev.registrybackup.objectstore.s3;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The settings of one store.
 *
 * @param name {@code registry} or {@code backup}: the prefix of its properties, for messages
 * @param endpoint the URL of the store; empty for AWS itself
 * @param region the region to sign requests for; empty for the SDK's default chain
 * @param bucket the bucket's name
 * @param credentials the access key; empty for the SDK's default chain
 * @param pathStyle whether URLs have the bucket in the path and not in the host name
 * @param caCertificate a PEM file of certificates to trust besides the system's
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
    /** An access key and its secret. {@link #toString} omits the secret. */
    public record Credentials(String accessKey, String secretKey) {
        @Override
        public String toString() {
            return "Credentials[accessKey=" + accessKey + ", secretKey=…]";
        }
    }

    /**
     * How objects are written.
     *
     * @param storageClass the storage class; empty for the bucket's default
     * @param encryption the server-side encryption; empty for the bucket's default
     * @param kmsKeyId the key for {@code aws:kms}; empty for the account's default key
     */
    public record WriteOptions(Optional<String> storageClass, Optional<String> encryption, Optional<String> kmsKeyId) {
        /** The bucket's defaults. */
        public static final WriteOptions DEFAULT =
                new WriteOptions(Optional.empty(), Optional.empty(), Optional.empty());
    }
}
