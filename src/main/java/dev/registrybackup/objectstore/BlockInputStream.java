package dev.registrybackup.objectstore;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Optional;

/**
 * Reads an object one block at a time, for callers that pause between reads: a store closes a connection that is idle
 * for long. Nothing is open between two reads, so there is nothing to close. For one thread.
 */
public final class BlockInputStream extends InputStream {
    private static final int BLOCK_BYTES = 1 << 20;

    private final ObjectStore store;
    private final ObjectInfo object;
    private ByteArrayInputStream block = new ByteArrayInputStream(new byte[0]);
    private long fetched;

    /** Reads exactly this object: a read throws {@link StoreError#PRECONDITION_FAILED} once there is another. */
    public BlockInputStream(ObjectStore store, ObjectInfo object) {
        this.store = store;
        this.object = object;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    /**
     * Reads the rest of the block, or of the next one if none is left.
     *
     * @throws ObjectStoreException if the store does not return the complete next block
     */
    @Override
    public int read(byte[] buffer, int offset, int length) {
        int count = block.read(buffer, offset, length);
        if (count >= 0 || fetched == object.size()) {
            return count;
        }
        block = new ByteArrayInputStream(next());
        return block.read(buffer, offset, length);
    }

    private byte[] next() {
        ByteRange range = new ByteRange(fetched, Math.min(BLOCK_BYTES, object.size() - fetched));
        try (OpenObject opened = store.open(object.key(), Optional.of(range), Optional.of(object.etag()))) {
            byte[] bytes = opened.readAll(BLOCK_BYTES);
            if (bytes.length != range.length()) {
                throw new ObjectStoreException(
                        StoreError.UNAVAILABLE,
                        "Failed to read %s: expected %d bytes from %d but got %d"
                                .formatted(object.key(), range.length(), range.offset(), bytes.length));
            }
            fetched += bytes.length;
            return bytes;
        }
    }
}
