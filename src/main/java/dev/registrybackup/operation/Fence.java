package dev.registrybackup.operation;

import dev.registrybackup.objectstore.ObjectStoreException;

/**
 * Leave to write on behalf of an operation. Asked before each write, so that an attempt which stood still for a while and
 * was replaced by a newer one, or whose operation was cancelled, writes nothing more.
 */
@FunctionalInterface
public interface Fence {
    /**
     * Returns if the attempt may go on.
     *
     * @throws FencedException if it may not
     * @throws ObjectStoreException if that could not be told, so that it may not now
     */
    void check();
}
