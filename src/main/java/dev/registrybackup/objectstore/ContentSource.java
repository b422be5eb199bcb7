package dev.registrybackup.objectstore;

import dev.registrybackup.registry.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Bytes to be written, which can be read again from their start, since a client that retries does so. */
public interface ContentSource {
    /** How many bytes there are. */
    long size();

    /**
     * A fresh stream over all of the bytes, with fresh state of whatever proves them; the caller closes it.
     *
     * @throws IOException if they cannot be read now; trying again may help
     */
    InputStream open() throws IOException;

    /**
     * The SHA-256 digest that all of these bytes have, where it is known before they are read: a store may refuse others by
     * it. Whoever has to be sure verifies them all the same.
     */
    default Optional<Digest> sha256() {
        return Optional.empty();
    }

    /** Content that is in memory, for small objects. */
    static ContentSource of(byte[] bytes) {
        return new ContentSource() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(bytes);
            }
        };
    }
}
