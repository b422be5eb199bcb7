package dev.registrybackup.imagestream.restore;

import dev.registrybackup.registry.Digest;

/** A way to bring back items of tags. For one thread. */
interface RestoreStrategy {
    /** Whether it can bring back that image of the stream. */
    boolean canBringBack(DesiredStream stream, Digest image);

    /**
     * Brings back what the cluster lacks of the stream. Idempotent; nothing that is there goes.
     *
     * @throws dev.registrybackup.imagestream.ClusterException if the cluster did not do it
     */
    void restore(DesiredStream stream);
}
