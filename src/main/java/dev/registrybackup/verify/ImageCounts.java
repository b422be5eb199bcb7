package dev.registrybackup.verify;

/**
 * How many images were looked at. Counts add up.
 *
 * @param whole can be restored, or pulled, as far as was looked
 * @param lacking lack something
 * @param untold of which the store did not say enough
 */
record ImageCounts(long whole, long lacking, long untold) {
    static final ImageCounts NONE = new ImageCounts(0, 0, 0);
    static final ImageCounts WHOLE = new ImageCounts(1, 0, 0);
    static final ImageCounts LACKING = new ImageCounts(0, 1, 0);
    static final ImageCounts UNTOLD = new ImageCounts(0, 0, 1);

    ImageCounts plus(ImageCounts others) {
        return new ImageCounts(whole + others.whole, lacking + others.lacking, untold + others.untold);
    }
}
