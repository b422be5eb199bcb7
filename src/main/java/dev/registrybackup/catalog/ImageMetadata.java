package dev.registrybackup.catalog;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Platform;
import java.util.List;
import java.util.Optional;

/**
 * What an image is, for a human.
 *
 * @param mediaType of its manifest: the one it states, or else what OCI's heuristics make of it
 * @param platforms what it runs on; of an index all that its entries name
 * @param created when it was built, as its config says; empty if it does not
 * @param corruptConfig its config, if the bytes of that are not what its digest says
 */
public record ImageMetadata(
        String mediaType, List<Platform> platforms, Optional<String> created, Optional<Digest> corruptConfig) {
    /** Keeps its own copy of the list. */
    public ImageMetadata {
        platforms = List.copyOf(platforms);
    }
}
