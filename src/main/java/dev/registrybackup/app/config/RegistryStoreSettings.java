package dev.registrybackup.app.config;

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
                .orElseGet(() -> S3ObjectStore.of(bucket.orElseThrow(), timeouts, connections));
        return new RegistryStore(store, new RegistryLayout(rootDirectory));
    }
}
