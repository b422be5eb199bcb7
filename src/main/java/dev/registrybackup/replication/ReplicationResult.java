package dev.registrybackup.replication;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.Optional;

/**
 * What became of one key, for the answer, the log and the metrics.
 *
 * @param kind what the key is
 * @param status what became of it
 * @param digest the blob it is or the target it names, if that is known
 * @param bytesCopied how many were copied for it, including those of its dependencies
 * @param problem why it is not a plain success, for a human; empty if it is
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

    /** Whether the backup now has what belongs under that key. */
    public boolean isInBackup() {
        return status.isInBackup();
    }

    ReplicationResult plusBytes(long more) {
        return new ReplicationResult(kind, status, digest, bytesCopied + more, problem);
    }
}
