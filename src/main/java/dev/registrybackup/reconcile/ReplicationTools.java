package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.replication.BlobReplicator;
import dev.registrybackup.replication.BlockedLinks;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.replication.VerifiedMarker;

/**
 * The replication of events, with caches of its own.
 *
 * @param replicator copies keys
 * @param blobReplicator copies blobs
 * @param verifiedMarker whether every blob in the backup was verified
 * @param durableKeys the keys remembered as durable
 * @param blockedLinks the blocked links and what blocks them
 */
public record ReplicationTools(
        Replicator replicator,
        BlobReplicator blobReplicator,
        VerifiedMarker verifiedMarker,
        ExpiringKeySet durableKeys,
        BlockedLinks blockedLinks) {
    /** The parts of this replicator. */
    public static ReplicationTools of(Replicator replicator) {
        return new ReplicationTools(
                replicator,
                replicator.blobReplicator(),
                replicator.verifiedMarker(),
                replicator.durableKeys(),
                replicator.blockedLinks());
    }
}
