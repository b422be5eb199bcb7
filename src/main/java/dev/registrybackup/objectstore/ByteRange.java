package dev.registrybackup.objectstore;

/**
 * A range of an object's bytes.
 *
 * @param offset its first byte, counted from 0
 * @param length how many bytes, at least one
 */
public record ByteRange(long offset, long length) {
    /** Throws {@link IllegalArgumentException} for an invalid range. */
    public ByteRange {
        if (offset < 0 || length < 1) {
            throw new IllegalArgumentException("Invalid byte range: %d bytes from offset %d".formatted(length, offset));
        }
    }
}
