package dev.registrybackup.objectstore;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Bytes to write, which can be read again from the start, as a retrying client does. */
public interface ContentSource {
    /** How many bytes there are. */
    long size();

    /**
     * Opens a new stream over all bytes, with a new verification; the caller closes it.
     *
     * @throws IOException if they cannot be read now; a retry may help
     */
    InputStream open() throws IOException;

    /**
     * The SHA-256 digest of all bytes, if known before they are read: a store may reject other bytes by it. Callers
     * that must be sure verify the bytes anyway.
     */
    default Optional<Digest> sha256() {
        return Optional.empty();
    }

    /** Content that is in memory, for small objects. */
    static ContentSource of(byte[] bytes) {
        return of(bytes, Optional.empty());
    }

    /**
     * Content that is in memory, for small objects.
     *
     * @param digest the digest that the bytes were verified against; empty if they were not
     */
    static ContentSource of(byte[] bytes, Optional<Digest> digest) {
        return new ContentSource() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(bytes);
            }

            @Override
            public Optional<Digest> sha256() {
                return digest.filter(verified -> verified.algorithm() == DigestAlgorithm.SHA256);
            }
        };
    }
}
