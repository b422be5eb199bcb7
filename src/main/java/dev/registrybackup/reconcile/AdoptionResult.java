package dev.registrybackup.reconcile;

/**
 * How a blob of the backup stands once it was adopted.
 *
 * @param outcome the result
 * @param bytes how many bytes it has if it is good; 0 otherwise
 */
record AdoptionResult(Outcome outcome, long bytes) {
    /** There is none any more. */
    static final AdoptionResult MISSING = new AdoptionResult(Outcome.MISSING, 0);

    /** It is not in its place any more. */
    static final AdoptionResult QUARANTINED = new AdoptionResult(Outcome.QUARANTINED, 0);

    /** A store failed. */
    static final AdoptionResult UNKNOWN = new AdoptionResult(Outcome.UNKNOWN, 0);

    /** The possible results. */
    enum Outcome {
        VERIFIED,
        REPLACED,
        QUARANTINED,
        MISSING,
        UNKNOWN
    }
}
