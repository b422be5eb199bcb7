package dev.registrybackup.registry;

/**
 * Bytes were read to their end and are not what their digest says. Unchecked on purpose: the S3 client retries failed
 * reads of a request body, and must not retry this.
 */
public final class DigestMismatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Names both digests and how many bytes were read. */
    public DigestMismatchException(Digest expected, Digest actual, long bytes) {
        super("Expected %s but %d bytes hash to %s".formatted(expected, bytes, actual));
    }
}
