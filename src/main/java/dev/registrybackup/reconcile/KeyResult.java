package dev.registrybackup.reconcile;

import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.replication.ReplicationResult;
import java.util.Optional;

/**
 * The result for a key that rclone reported.
 *
 * @param state its state
 * @param missedByEvents whether events should have copied it
 * @param problem what is wrong; empty if nothing is
 */
record KeyResult(State state, boolean missedByEvents, Optional<Problem> problem) {
    /** The state of a key. */
    enum State {
        /** It was copied. */
        COPIED,
        /** Both have the same content, though the listings differ. */
        SAME,
        /** The registry no longer has it. */
        SOURCE_MISSING,
        /** No registry writes such an object, and it is not copied. */
        SKIPPED,
        /** It is still missing from the backup, or differs. */
        REMAINING
    }

    /** What is wrong with it. */
    record Problem(FindingCode code, String text) {}

    /** The result for a key that was replicated. */
    static KeyResult of(ReplicationResult replicationResult, boolean differed, boolean missed) {
        return switch (replicationResult.status()) {
            case COPIED -> new KeyResult(State.COPIED, missed, Optional.empty());
            case PRESENT -> new KeyResult(differed ? State.SAME : State.COPIED, missed && !differed, Optional.empty());
            case PARTIAL ->
                new KeyResult(
                        State.COPIED,
                        missed,
                        problem(FindingCode.LINK_DANGLING, "It was copied, but ", replicationResult));
            case SOURCE_MISSING -> new KeyResult(State.SOURCE_MISSING, false, Optional.empty());
            case SKIPPED ->
                new KeyResult(
                        State.SKIPPED,
                        false,
                        Optional.of(new Problem(
                                FindingCode.UNKNOWN_OBJECT,
                                "No registry writes such an object, and registry.unknown-objects is not \"copy\"")));
            case CORRUPT, SOURCE_CORRUPT ->
                remaining(FindingCode.BLOB_DIGEST_MISMATCH, "The registry's blob is not copied: ", replicationResult);
            case BLOCKED -> remaining(FindingCode.BLOB_DIGEST_MISMATCH, "The link is blocked: ", replicationResult);
            case MALFORMED ->
                remaining(FindingCode.LINK_MALFORMED, "The registry's link is not copied: ", replicationResult);
        };
    }

    private static KeyResult remaining(FindingCode code, String beginning, ReplicationResult replicationResult) {
        return new KeyResult(State.REMAINING, false, problem(code, beginning, replicationResult));
    }

    private static Optional<Problem> problem(FindingCode code, String beginning, ReplicationResult replicationResult) {
        return Optional.of(new Problem(code, beginning + replicationResult.problem()));
    }

    /** The result for a link with the same content in both stores. */
    static KeyResult same() {
        return new KeyResult(State.SAME, false, Optional.empty());
    }

    /** The result for a key whose copy failed. */
    static KeyResult failed(Throwable failure) {
        return new KeyResult(
                State.REMAINING,
                false,
                Optional.of(new Problem(FindingCode.UNDETERMINED, String.valueOf(failure.getMessage()))));
    }

    /** The result for a key that rclone still reports after it was copied. */
    static KeyResult stillDiffering() {
        return new KeyResult(
                State.REMAINING,
                false,
                Optional.of(new Problem(
                        FindingCode.UNDETERMINED,
                        "It was copied, and rclone still reports it: another program writes it, or the store's listing"
                                + " is stale")));
    }
}
