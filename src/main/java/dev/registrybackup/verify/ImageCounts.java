package dev.registrybackup.verify;

/**
 * How many images were looked at. Counts add up.
 *
 * @param complete can be restored, or pulled, as far as was looked
 * @param incomplete lack something
 * @param unknown of which the store did not say enough
 */
public record ImageCounts(long complete, long incomplete, long unknown) {
    static final ImageCounts NONE = new ImageCounts(0, 0, 0);
    static final ImageCounts COMPLETE = new ImageCounts(1, 0, 0);
    static final ImageCounts INCOMPLETE = new ImageCounts(0, 1, 0);
    static final ImageCounts UNKNOWN = new ImageCounts(0, 0, 1);

    ImageCounts plus(ImageCounts others) {
        return new ImageCounts(complete + others.complete, incomplete + others.incomplete, unknown + others.unknown);
    }
}
