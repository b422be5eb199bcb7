package dev.registrybackup.objectstore;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;

/**
 * A store with a registry's data: the registry's own, the backup, or the target of a restore.
 *
 * @param store the store
 * @param layout the grammar of the keys in it
 */
public record RegistryStore(ObjectStore store, RegistryLayout layout) {
    /** The key of a path. */
    public String key(RegistryPath path) {
        return layout.keyOf(path);
    }

    /** The key of a blob. */
    public String key(Digest blob) {
        return layout.blobKey(blob);
    }

    /** The same data, reached through another view of the store. */
    public RegistryStore through(ObjectStore view) {
        return new RegistryStore(view, layout);
    }
}
