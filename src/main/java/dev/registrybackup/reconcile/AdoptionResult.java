package dev.registrybackup.reconcile;

/**
 * How a blob of the backup stands once it was adopted.
 *
 * @param outcome the result
 * @param bytes how many bytes it has if it is good; 0 otherwise
 */
record AdoptionResult(Outcome outcome, long bytes) {
    /** There is none any more. */
    static final AdoptionResult GONE = new AdoptionResult(Outcome.GONE, 0);

    /** It is not in its place any more. */
    static final AdoptionResult SET_ASIDE = new AdoptionResult(Outcome.SET_ASIDE, 0);

    /** A store failed. */
    static final AdoptionResult UNTOLD = new AdoptionResult(Outcome.UNTOLD, 0);

    /** The possible results. */
    enum Outcome {
        PROVED,
        REPLACED,
        SET_ASIDE,
        GONE,
        UNTOLD
    }
}
