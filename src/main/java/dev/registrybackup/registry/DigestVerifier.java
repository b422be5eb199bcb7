package dev.registrybackup.registry;

import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * Verifies bytes against a digest: takes them in order and compares at the end. Not for use by two threads at a time.
 */
public final class DigestVerifier {
    private final Digest expected;
    private final MessageDigest messageDigest;
    private long bytesRead;

    private DigestVerifier(Digest expected, MessageDigest state, long bytes) {
        this.expected = expected;
        this.messageDigest = state;
        this.bytesRead = bytes;
    }

    /** Starts before the first byte. */
    public static DigestVerifier of(Digest expected) {
        return new DigestVerifier(expected, expected.algorithm().newMessageDigest(), 0);
    }

    /** A copy at the same byte that continues independently: a multipart part that is read again starts from one. */
    public DigestVerifier copy() {
        try {
            return new DigestVerifier(expected, (MessageDigest) messageDigest.clone(), bytesRead);
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException(
                    "This Java runtime's " + messageDigest.getAlgorithm() + " cannot be copied, which parts need", e);
        }
    }

    /** What the bytes must hash to. */
    public Digest expected() {
        return expected;
    }

    /** Adds the next bytes. */
    public void update(byte[] buffer, int offset, int length) {
        messageDigest.update(buffer, offset, length);
        bytesRead += length;
    }

    /** How many bytes were added. */
    public long bytesRead() {
        return bytesRead;
    }

    /**
     * Compares the hash of all bytes.
     *
     * @throws DigestMismatchException if it does not match the digest
     */
    public void verify() {
        Digest actual = new Digest(expected.algorithm(), HexFormat.of().formatHex(messageDigest.digest()));
        if (!actual.equals(expected)) {
            throw new DigestMismatchException(expected, actual, bytesRead);
        }
    }
}
