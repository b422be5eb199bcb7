package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.replication.BlobReplicator;
import dev.registrybackup.replication.BlockedLinks;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.replication.VerifiedMarker;

/**
 * What objects are copied with: the same as events use, with a memory of its own.
 *
 * @param replicator copies keys
 * @param blobReplicator copies blobs
 * @param verifiedMarker whether every blob in the backup was verified
 * @param durableKeys what is remembered as durable
 * @param blockedLinks which links are blocked, and by what
 */
public record ReplicationTools(
        Replicator replicator,
        BlobReplicator blobReplicator,
        VerifiedMarker verifiedMarker,
        ExpiringKeySet durableKeys,
        BlockedLinks blockedLinks) {}
