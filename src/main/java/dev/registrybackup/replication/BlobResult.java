package dev.registrybackup.replication;

/**
 * How a blob stands after it was asked for.
 *
 * @param state the result
 * @param bytes how many were copied
 * @param problem what is wrong with the registry's object; empty if nothing is
 */
public record BlobResult(State state, long bytes, String problem) {
    static final BlobResult PRESENT = new BlobResult(State.PRESENT, 0, "");
    static final BlobResult ABSENT = new BlobResult(State.ABSENT, 0, "");

    /** The possible results. */
    public enum State {
        /** It was copied now. */
        COPIED,
        /** It was in the backup already. */
        PRESENT,
        /** The registry's fails its digest; the backup has a proved one, which stays. */
        ONLY_BACKUP_GOOD,
        /** The registry's fails its digest, and the backup has no good one. */
        CORRUPT,
        /** Neither the registry nor the backup has it. */
        ABSENT
    }

    /** Whether the backup has the proved blob now. */
    public boolean inBackup() {
        return state == State.COPIED || state == State.PRESENT || state == State.ONLY_BACKUP_GOOD;
    }
}
