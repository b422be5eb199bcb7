package dev.registrybackup.objectstore;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;

/**
 * A store with a registry's data in it: the registry's own, the backup, or what is restored into.
 *
 * @param store the store
 * @param layout the grammar of the keys in it
 */
public record RegistryStore(ObjectStore store, RegistryLayout layout) {
    /** The key of what that path names. */
    public String key(RegistryPath path) {
        return layout.keyOf(path);
    }

    /** The key of that blob. */
    public String key(Digest blob) {
        return layout.blobKey(blob);
    }

    /** The same data, reached through another view of the store. */
    public RegistryStore through(ObjectStore view) {
        return new RegistryStore(view, layout);
    }
}
