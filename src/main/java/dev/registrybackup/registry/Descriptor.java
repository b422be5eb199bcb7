package dev.registrybackup.registry;

import java.util.OptionalLong;

/**
 * One reference of a manifest.
 *
 * @param size its size in bytes according to the manifest, unverified
 * @param role how to follow it
 */
public record Descriptor(Digest digest, OptionalLong size, Role role) {
    /** How the manifest uses the reference. */
    public enum Role {
        /** A layer, config or other blob: followed no further. */
        BLOB,
        /** A layer that may exist only elsewhere ({@code urls}). */
        FOREIGN_LAYER,
        /** A manifest or index: followed as far as it parses. */
        MANIFEST
    }
}
