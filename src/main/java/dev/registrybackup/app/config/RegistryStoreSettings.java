package dev.registrybackup.app.config;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.directory.DirectoryObjectStore;
import dev.registrybackup.objectstore.s3.S3ObjectStore;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.S3Timeouts;
import dev.registrybackup.registry.RegistryLayout;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The checked location of a registry's data: a bucket or a directory.
 *
 * @param name the prefix of its properties
 * @param bucket the connection to its bucket
 * @param directory its directory on a volume
 * @param rootDirectory where the registry's tree is below that, as the registry is configured
 */
public record RegistryStoreSettings(
        String name, Optional<S3Settings> bucket, Optional<Path> directory, String rootDirectory) {
    /** Opens the store without sending a request. The caller closes the client of a bucket. */
    @SuppressWarnings("MustBeClosedChecker") // closed by whoever opens it
    public RegistryStore open(S3Timeouts timeouts, int connections) {
        ObjectStore store = directory
                .<ObjectStore>map(path -> DirectoryObjectStore.of(name, path))
                .orElseGet(() -> openBucket(bucket.orElseThrow(), timeouts, connections));
        return new RegistryStore(store, new RegistryLayout(rootDirectory));
    }

    /**
     * Opens a bucket without sending a request.
     *
     * @throws ConfigurationException if its configuration is invalid
     */
    @MustBeClosed
    public static S3ObjectStore openBucket(S3Settings settings, S3Timeouts timeouts, int connections) {
        try {
            return S3ObjectStore.of(settings, timeouts, connections);
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(e);
        }
    }
}
