package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.ExpiringKeySet;
import dev.registrybackup.replication.BlobReplicator;
import dev.registrybackup.replication.BlockedLinks;
import dev.registrybackup.replication.Replicator;
import dev.registrybackup.replication.VerifiedMarker;

/**
 * What objects are brought with: the same as events bring them with, with a memory of its own.
 *
 * @param replicator brings keys
 * @param blobReplicator brings blobs
 * @param verifiedMarker whether every blob in the backup was proved
 * @param durableKeys what is remembered as durable
 * @param blockedLinks what links wait for
 */
public record ReplicationTools(
        Replicator replicator,
        BlobReplicator blobReplicator,
        VerifiedMarker verifiedMarker,
        ExpiringKeySet durableKeys,
        BlockedLinks blockedLinks) {}
