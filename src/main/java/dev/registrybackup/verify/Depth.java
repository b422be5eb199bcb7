package dev.registrybackup.verify;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How thoroughly a store is verified. */
public enum Depth {
    /** Reads links and manifests; checks presence and size of other blobs. */
    EXISTENCE,
    /** Reads every byte. */
    CONTENT;

    /** The name in requests and reports. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<Depth> fromLabel(String label) {
        return Arrays.stream(values())
                .filter(depth -> depth.label().equals(label))
                .findFirst();
    }
}
