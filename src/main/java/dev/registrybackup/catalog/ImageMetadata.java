package dev.registrybackup.catalog;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Platform;
import java.util.List;
import java.util.Optional;

/**
 * The metadata of an image, for people.
 *
 * @param mediaType the media type that its manifest states, or the one by OCI's heuristics
 * @param platforms the platforms it runs on; of an index those of all entries
 * @param created when it was built, according to its config; empty if that has no time
 * @param corruptConfig the digest of its config, if the config is corrupt
 */
public record ImageMetadata(
        String mediaType, List<Platform> platforms, Optional<String> created, Optional<Digest> corruptConfig) {
    /** Copies the list. */
    public ImageMetadata {
        platforms = List.copyOf(platforms);
    }
}
