package dev.registrybackup.registry;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;

/**
 * The digest algorithms a registry key may name.
 *
 * <p>Source: OCI image-spec, descriptor.md, "Registered Algorithms".
 */
public enum DigestAlgorithm {
    SHA256("sha256", "SHA-256", 64),
    SHA512("sha512", "SHA-512", 128);

    private final String label;
    private final String jcaName;
    private final int hexLength;

    DigestAlgorithm(String label, String javaName, int hexLength) {
        this.label = label;
        this.jcaName = javaName;
        this.hexLength = hexLength;
    }

    /** The algorithm as keys and digests spell it, such as {@code sha256}. */
    public String label() {
        return label;
    }

    /** How many hexadecimal digits a digest of this algorithm has. */
    public int hexLength() {
        return hexLength;
    }

    /** A fresh hash state. */
    public MessageDigest newMessageDigest() {
        try {
            return MessageDigest.getInstance(jcaName);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(
                    "This Java runtime does not have " + jcaName + ", which every registry needs", e);
        }
    }

    /** The algorithm with that label, or empty if it is not supported. */
    public static Optional<DigestAlgorithm> forLabel(String label) {
        return Arrays.stream(values())
                .filter(algorithm -> algorithm.label.equals(label))
                .findFirst();
    }
}
