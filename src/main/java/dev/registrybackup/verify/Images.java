package dev.registrybackup.verify;

/**
 * How many images were looked at. Counts add up.
 *
 * @param whole can be restored, or pulled, as far as was looked
 * @param lacking lack something
 * @param untold of which the store did not say enough
 */
record Images(long whole, long lacking, long untold) {
    static final Images NONE = new Images(0, 0, 0);
    static final Images WHOLE = new Images(1, 0, 0);
    static final Images LACKING = new Images(0, 1, 0);
    static final Images UNTOLD = new Images(0, 0, 1);

    Images plus(Images others) {
        return new Images(whole + others.whole, lacking + others.lacking, untold + others.untold);
    }
}
