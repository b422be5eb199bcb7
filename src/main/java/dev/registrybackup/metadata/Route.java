package dev.registrybackup.metadata;

import dev.registrybackup.content.Digest;

/** A way to bring back items of tags. For one thread. */
interface Route {
    /** Whether it can bring back that image of the stream. */
    boolean canBringBack(WantedStream stream, Digest image);

    /**
     * Brings back what the cluster lacks of the stream. Idempotent; nothing that is there goes.
     *
     * @throws dev.registrybackup.openshift.ClusterException if the cluster did not do it
     */
    void restore(WantedStream stream);
}
