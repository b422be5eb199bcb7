package dev.registrybackup.reconcile;

import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;

/**
 * What is reconciled.
 *
 * @param registry the registry's store
 * @param backup the backup
 * @param layout the grammar of both
 */
public record Sides(ObjectStore registry, ObjectStore backup, RegistryLayout layout) {}
