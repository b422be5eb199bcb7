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
 * Where a registry's data is, settled: in a bucket, or else in a directory.
 *
 * @param name what its properties start with
 * @param bucket how its bucket is reached
 * @param directory where it is on a volume
 * @param rootDirectory the registry's setting of that name
 */
public record RegistryStoreSettings(
        String name, Optional<S3Settings> bucket, Optional<Path> directory, String rootDirectory) {
    /** Opens it; nothing is asked of it yet. Whoever opens a bucket closes its client. */
    @SuppressWarnings("MustBeClosedChecker") // closed by whoever opens it
    public RegistryStore open(S3Timeouts timeouts, int connections) {
        ObjectStore store = directory
                .<ObjectStore>map(path -> DirectoryObjectStore.of(name, path))
                .orElseGet(() -> openBucket(bucket.orElseThrow(), timeouts, connections));
        return new RegistryStore(store, new RegistryLayout(rootDirectory));
    }

    /**
     * Opens a bucket; nothing is asked of it yet.
     *
     * @throws ConfigurationException if it cannot be reached as it is configured
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
