package dev.registrybackup.function;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.directory.DirectoryObjectStore;
import dev.registrybackup.store.s3.S3ObjectStore;
import dev.registrybackup.store.s3.S3Timeouts;

/**
 * Where a registry's data is, opened.
 *
 * @param store the store
 * @param layout its grammar
 */
record Place(ObjectStore store, RegistryLayout layout) implements AutoCloseable {
    /** Opens it; nothing is asked of it yet. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed by close()
    static Place open(PlaceSettings settings, S3Timeouts timeouts, int connections) {
        RegistryLayout layout = new RegistryLayout(settings.rootDirectory());
        ObjectStore store = settings.directory()
                .<ObjectStore>map(directory -> DirectoryObjectStore.of(settings.name(), directory))
                .orElseGet(() -> S3ObjectStore.of(settings.bucket().orElseThrow(), timeouts, connections));
        return new Place(store, layout);
    }

    @Override
    public void close() {
        if (store instanceof S3ObjectStore bucket) {
            bucket.close();
        }
    }
}
