package dev.registrybackup.reconcile;

import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.replicate.Outcome;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What became of a key that rclone named.
 *
 * @param state in short
 * @param missed whether events should have brought it
 * @param problem what is wrong, if something is
 */
record Fate(State state, boolean missed, Optional<Problem> problem) {
    /** In short. */
    enum State {
        /** The backup has it now as the registry has it. */
        BROUGHT,
        /** As brought; both have the same content since, which rclone could not tell. */
        BROUGHT_UNTOLD,
        /** Both have the same content, which rclone could not tell. */
        SAME,
        /** The registry has it no more. */
        GONE,
        /** It is no object of a registry's, and such are not copied. */
        PASSED_OVER,
        /** The backup lacks it, or has it otherwise. */
        LEFT
    }

    /** What is wrong with it. */
    record Problem(FindingCode code, String text) {}

    /** That of a key of which a copy came to this. */
    static Fate of(Outcome outcome, boolean differed, boolean missed) {
        return switch (outcome.verdict()) {
            case COPIED -> new Fate(State.BROUGHT, missed, Optional.empty());
            case PRESENT -> new Fate(differed ? State.SAME : State.BROUGHT, missed && !differed, Optional.empty());
            case INCOMPLETE ->
                new Fate(State.BROUGHT, missed, problem(FindingCode.LINK_DANGLING, "It was brought, but ", outcome));
            case GONE -> new Fate(State.GONE, false, Optional.empty());
            case PASSED_OVER ->
                new Fate(
                        State.PASSED_OVER,
                        false,
                        Optional.of(new Problem(
                                FindingCode.FOREIGN_OBJECT,
                                "No registry writes such an object, and registry.foreign does not have it copied")));
            case CORRUPT -> left(FindingCode.BLOB_DIGEST_MISMATCH, "The registry's blob is not taken: ", outcome);
            case WITHHELD -> left(FindingCode.BLOB_DIGEST_MISMATCH, "The link is withheld: ", outcome);
            case MALFORMED -> left(FindingCode.LINK_MALFORMED, "The registry's link is not taken: ", outcome);
        };
    }

    private static Fate left(FindingCode code, String beginning, Outcome outcome) {
        return new Fate(State.LEFT, false, problem(code, beginning, outcome));
    }

    private static Optional<Problem> problem(FindingCode code, String beginning, Outcome outcome) {
        return Optional.of(new Problem(code, beginning + outcome.problem()));
    }

    /** That of a link which says the same in both stores. */
    static Fate same() {
        return new Fate(State.SAME, false, Optional.empty());
    }

    /** That of a key which a store did not let be copied. */
    static Fate failed(Throwable failure) {
        return new Fate(
                State.LEFT,
                false,
                Optional.of(new Problem(FindingCode.COULD_NOT_TELL, String.valueOf(failure.getMessage()))));
    }

    /** That of a key which rclone names however often it is brought. */
    Fate namedStill() {
        return new Fate(
                State.LEFT,
                missed,
                Optional.of(new Problem(
                        FindingCode.COULD_NOT_TELL,
                        "It was brought, and rclone names it still: something else writes it, or the store does not show"
                                + " what it has")));
    }

    /** This one, of a key that became the other before. */
    Fate after(@Nullable Fate before) {
        if (before == null || !before.isBrought() || state != State.SAME) {
            return this;
        }
        return new Fate(State.BROUGHT_UNTOLD, before.missed(), before.problem());
    }

    /** Whether the backup was given it in this run. */
    boolean isBrought() {
        return state == State.BROUGHT || state == State.BROUGHT_UNTOLD;
    }

    /** Whether bringing it again changes nothing. */
    boolean isSettled() {
        return state != State.BROUGHT;
    }
}
