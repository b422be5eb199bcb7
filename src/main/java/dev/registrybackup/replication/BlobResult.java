package dev.registrybackup.replication;

/**
 * How a blob stands after it was asked for.
 *
 * @param state the result
 * @param bytesCopied how many were copied
 * @param problem what is wrong with the registry's object; empty if nothing is
 */
public record BlobResult(BlobState state, long bytesCopied, String problem) {
    static final BlobResult PRESENT = new BlobResult(BlobState.PRESENT, 0, "");
    static final BlobResult MISSING = new BlobResult(BlobState.MISSING, 0, "");

    /** The possible results. */
    public enum BlobState {
        /** It was copied now. */
        COPIED,
        /** It was in the backup already. */
        PRESENT,
        /** The registry's fails its digest; the backup has a proved one, which stays. */
        SOURCE_CORRUPT,
        /** The registry's fails its digest, and the backup has no good one. */
        CORRUPT,
        /** Neither the registry nor the backup has it. */
        MISSING
    }

    /** Whether the backup has the proved blob now. */
    public boolean isInBackup() {
        return state == BlobState.COPIED || state == BlobState.PRESENT || state == BlobState.SOURCE_CORRUPT;
    }
}
