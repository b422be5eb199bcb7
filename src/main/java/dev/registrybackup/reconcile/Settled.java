package dev.registrybackup.reconcile;

/**
 * How a blob of the backup stands once it was adopted.
 *
 * @param outcome the result
 * @param bytes how many bytes it has if it is good; 0 otherwise
 */
record Settled(Outcome outcome, long bytes) {
    /** There is none any more. */
    static final Settled GONE = new Settled(Outcome.GONE, 0);

    /** It is not in its place any more. */
    static final Settled SET_ASIDE = new Settled(Outcome.SET_ASIDE, 0);

    /** A store failed. */
    static final Settled UNTOLD = new Settled(Outcome.UNTOLD, 0);

    /** The possible results. */
    enum Outcome {
        PROVED,
        REPLACED,
        SET_ASIDE,
        GONE,
        UNTOLD
    }
}
