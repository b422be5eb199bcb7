package dev.registrybackup.restore;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What of a cluster's ImageStreams and Images is restored besides the bucket's objects, and by which route. */
public enum ImageStreamMode {
    /** Nothing: what the bucket's own links name is restored. */
    NONE,
    /** The status of each ImageStream is written as it was: keeps the order and times of a tag's history. */
    STATUS,
    /** Each image is tagged anew, oldest first: needs no right beyond the namespace, and gives new times. */
    MAPPING,
    /** Nothing in the cluster: links of tags are written into the target, for a stock registry to serve. */
    TAG_LINKS;

    /** As requests have it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static ImageStreamMode fromLabel(String text) {
        return Arrays.stream(values())
                .filter(each -> each.label().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("\"metadata\" is one of %s, not \"%s\""
                        .formatted(
                                Arrays.stream(values())
                                        .map(ImageStreamMode::label)
                                        .collect(Collectors.joining(", ")),
                                text)));
    }
}
