package dev.registrybackup.registry;

import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The running proof that bytes are what a digest says: fed in order, asked once at the end. Not for use by two threads
 * at a time.
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

    /** A proof that has seen nothing yet. */
    public static DigestVerifier of(Digest expected) {
        return new DigestVerifier(expected, expected.algorithm().newMessageDigest(), 0);
    }

    /** The same proof at the same byte, to go on from independently: a part that is read again starts from such a copy. */
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

    /** Takes the next bytes. */
    public void update(byte[] buffer, int offset, int length) {
        messageDigest.update(buffer, offset, length);
        bytesRead += length;
    }

    /** How many bytes it has seen. */
    public long bytesRead() {
        return bytesRead;
    }

    /**
     * Ends the proof.
     *
     * @throws DigestMismatchException if the bytes seen are not what the digest says
     */
    public void verify() {
        Digest actual = new Digest(expected.algorithm(), HexFormat.of().formatHex(messageDigest.digest()));
        if (!actual.equals(expected)) {
            throw new DigestMismatchException(expected, actual, bytesRead);
        }
    }
}
