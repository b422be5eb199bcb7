/**
 * The object-store port: the few operations a mover of objects needs, and how they fail. An {@link
 * dev.registrybackup.store.ObjectStore} is bound to one bucket, so that a key is the whole address.
 */
@NullMarked
package dev.registrybackup.store;

import org.jspecify.annotations.NullMarked;
