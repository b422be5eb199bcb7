package dev.registrybackup.verify;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How closely is looked. */
public enum Depth {
    /** Links and manifests are read; of other blobs it is asked whether they are there, and their size. */
    EXISTENCE,
    /** Every byte is read. */
    CONTENT;

    /** The name for requests and records. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Depth> fromLabel(String label) {
        return Arrays.stream(values())
                .filter(depth -> depth.label().equals(label))
                .findFirst();
    }
}
