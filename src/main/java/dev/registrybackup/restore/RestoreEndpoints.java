package dev.registrybackup.restore;

import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;

/**
 * From where to where.
 *
 * @param backup what is restored from
 * @param layout the backup's grammar
 * @param target what is restored into
 * @param targetLayout the target's grammar, which may have another root directory
 */
public record RestoreEndpoints(
        ObjectStore backup, RegistryLayout layout, ObjectStore target, RegistryLayout targetLayout) {
    /** The same, with another way to write the target. */
    RestoreEndpoints withTarget(ObjectStore other) {
        return new RestoreEndpoints(backup, layout, other, targetLayout);
    }

    String targetKey(RegistryPath path) {
        return targetLayout.keyOf(path);
    }
}
