package dev.registrybackup.reconcile;

import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.replication.ReplicationResult;
import java.util.Optional;

/**
 * What became of a key that rclone reported.
 *
 * @param state in short
 * @param missedByEvents whether events should have copied it
 * @param problem what is wrong, if something is
 */
record KeyResult(State state, boolean missedByEvents, Optional<Problem> problem) {
    /** In short. */
    enum State {
        /** The backup has it now as the registry has it. */
        COPIED,
        /** It was copied; both have the same content since, which rclone could not see. */
        COPIED_UNCONFIRMED,
        /** Both have the same content, which rclone could not see. */
        SAME,
        /** The registry has it no more. */
        SOURCE_MISSING,
        /** It is no object of a registry's, and such are not copied. */
        SKIPPED,
        /** It is missing in the backup, or differs. */
        REMAINING
    }

    /** What is wrong with it. */
    record Problem(FindingCode code, String text) {}

    /** That of a key of which a copy came to this. */
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
                        Optional.of(
                                new Problem(
                                        FindingCode.UNKNOWN_OBJECT,
                                        "No registry writes such an object, and registry.unknown-objects does not have it copied")));
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

    /** That of a link which says the same in both stores. */
    static KeyResult same() {
        return new KeyResult(State.SAME, false, Optional.empty());
    }

    /** That of a key which a store did not let be copied. */
    static KeyResult failed(Throwable failure) {
        return new KeyResult(
                State.REMAINING,
                false,
                Optional.of(new Problem(FindingCode.UNDETERMINED, String.valueOf(failure.getMessage()))));
    }

    /** That of a key which rclone reports however often it is copied. */
    KeyResult stillDiffering() {
        return new KeyResult(
                State.REMAINING,
                missedByEvents,
                Optional.of(new Problem(
                        FindingCode.UNDETERMINED,
                        "It was copied, and rclone still reports it: something else writes it, or the store does not show"
                                + " what it has")));
    }

    /** This one, of a key that became the other before. */
    KeyResult mergedWith(KeyResult before) {
        if (!before.isCopied() || state != State.SAME) {
            return this;
        }
        return new KeyResult(State.COPIED_UNCONFIRMED, before.missedByEvents(), before.problem());
    }

    /** Whether the backup was given it in this run. */
    boolean isCopied() {
        return state == State.COPIED || state == State.COPIED_UNCONFIRMED;
    }

    /** Whether copying it again changes nothing. */
    boolean isFinal() {
        return state != State.COPIED;
    }
}
