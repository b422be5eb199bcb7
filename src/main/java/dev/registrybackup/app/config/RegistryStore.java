package dev.registrybackup.app.config;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.directory.DirectoryObjectStore;
import dev.registrybackup.objectstore.s3.S3ObjectStore;
import dev.registrybackup.objectstore.s3.S3Timeouts;
import dev.registrybackup.registry.RegistryLayout;

/**
 * Where a registry's data is, opened.
 *
 * @param store the store
 * @param layout its grammar
 */
public record RegistryStore(ObjectStore store, RegistryLayout layout) implements AutoCloseable {
    /** Opens it; nothing is asked of it yet. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker")
    public // closed by close()
    static RegistryStore open(RegistryStoreSettings settings, S3Timeouts timeouts, int connections) {
        RegistryLayout layout = new RegistryLayout(settings.rootDirectory());
        ObjectStore store = settings.directory()
                .<ObjectStore>map(directory -> DirectoryObjectStore.of(settings.name(), directory))
                .orElseGet(() -> S3ObjectStore.of(settings.bucket().orElseThrow(), timeouts, connections));
        return new RegistryStore(store, layout);
    }

    @Override
    public void close() {
        if (store instanceof S3ObjectStore bucket) {
            bucket.close();
        }
    }
}
