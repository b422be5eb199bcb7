package dev.registrybackup.replication;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.Optional;

/**
 * The result of replicating one key.
 *
 * @param kind the kind of key
 * @param status the outcome
 * @param digest the blob's digest or the link's target, if known
 * @param bytesCopied how many bytes were copied for it, including its dependencies
 * @param problem the reason, for a human, if it did not fully succeed; otherwise empty
 */
public record ReplicationResult(
        Kind kind, ReplicationStatus status, Optional<Digest> digest, long bytesCopied, String problem) {
    static ReplicationResult of(Kind kind, ReplicationStatus replicationStatus) {
        return new ReplicationResult(kind, replicationStatus, Optional.empty(), 0, "");
    }

    static ReplicationResult ofBlob(Digest digest, ReplicationStatus status, long bytesCopied, String problem) {
        return new ReplicationResult(Kind.BLOB, status, Optional.of(digest), bytesCopied, problem);
    }

    static ReplicationResult ofBlob(Digest digest, ReplicationStatus status) {
        return ofBlob(digest, status, 0, "");
    }

    /** Whether the object is in the backup now. */
    public boolean isInBackup() {
        return status.isInBackup();
    }

    /** This result of a tag that moved so often before, with the bytes copied for all its targets. */
    ReplicationResult afterMoves(int moves, long bytes) {
        boolean copiedBefore = moves > 0 && status == ReplicationStatus.PRESENT;
        return new ReplicationResult(kind, copiedBefore ? ReplicationStatus.COPIED : status, digest, bytes, problem);
    }
}
