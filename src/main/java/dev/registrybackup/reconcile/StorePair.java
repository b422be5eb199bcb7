package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;

/**
 * The two stores of a reconciliation.
 *
 * @param registry the registry's store
 * @param backup the backup
 * @param layout the grammar of the keys in both
 */
public record StorePair(ObjectStore registry, ObjectStore backup, RegistryLayout layout) {}
