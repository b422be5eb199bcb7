package dev.registrybackup.objectstore;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.MalformedLinkException;
import java.io.IOException;
import java.io.InputStream;

/**
 * An object being read.
 *
 * @see ObjectStore#open
 */
public interface OpenObject extends AutoCloseable {
    /** Facts about it, as of this read. */
    ObjectInfo info();

    /** Its bytes, or those of the range asked for. */
    InputStream stream();

    /** Ends the read, once: later calls do nothing. Does not fetch the rest: closes the connection without draining it. */
    @Override
    void close();

    /**
     * All bytes of a small object.
     *
     * @param limit how many bytes it may have
     * @throws ObjectStoreException {@link StoreError#BAD_REQUEST} if it has more, {@link StoreError#UNAVAILABLE} if it
     * cannot be read to its end
     */
    default byte[] readAll(int limit) {
        try {
            byte[] bytes = stream().readNBytes(limit + 1);
            if (bytes.length > limit) {
                throw new ObjectStoreException(
                        StoreError.BAD_REQUEST,
                        "Expected at most %d bytes in %s but it has more".formatted(limit, info().key()));
            }
            return bytes;
        } catch (IOException e) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to read %s to its end: %s".formatted(info().key(), e.getMessage()),
                    e);
        }
    }

    /**
     * The digest in a link.
     *
     * @throws MalformedLinkException if the content is not a digest
     * @throws ObjectStoreException {@link StoreError#UNAVAILABLE} if it cannot be read to its end
     */
    default Digest readLink() {
        if (info().size() > LinkContent.MAX_BYTES) {
            throw new MalformedLinkException("a link of %d bytes is not a digest".formatted(info().size()));
        }
        return LinkContent.parse(readAll(LinkContent.MAX_BYTES));
    }
}
