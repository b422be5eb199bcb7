package dev.registrybackup.registry;

import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The digest of bytes: an algorithm and the hash in lower-case hexadecimal.
 *
 * @param algorithm how it is computed
 * @param hex the hash, {@link DigestAlgorithm#hexLength()} lower-case hexadecimal digits
 */
public record Digest(DigestAlgorithm algorithm, String hex) {
    private static final Pattern HEX = Pattern.compile("[0-9a-f]+");

    /** Throws {@link IllegalArgumentException} if the hash does not fit the algorithm. */
    public Digest {
        if (hex.length() != algorithm.hexLength() || !HEX.matcher(hex).matches()) {
            throw new IllegalArgumentException("A %s digest has %d lower-case hexadecimal digits, not \"%s\""
                    .formatted(algorithm.label(), algorithm.hexLength(), hex));
        }
    }

    /**
     * Parses the canonical form, {@code sha256:<64 hexadecimal digits>}.
     *
     * @throws IllegalArgumentException if the text is not a digest, with the reason
     */
    public static Digest parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("A digest is <algorithm>:<hexadecimal digits>, not \"" + text + "\"");
        }
        String label = text.substring(0, colon);
        DigestAlgorithm algorithm = DigestAlgorithm.forLabel(label)
                .orElseThrow(() -> new IllegalArgumentException(
                        "Digest algorithm \"%s\" is neither sha256 nor sha512".formatted(label)));
        return new Digest(algorithm, text.substring(colon + 1));
    }

    /** Parses the canonical form; empty if the text is not a digest. */
    public static Optional<Digest> tryParse(String text) {
        try {
            return Optional.of(parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The digest of these bytes. */
    public static Digest of(DigestAlgorithm algorithm, byte[] content) {
        return new Digest(
                algorithm, HexFormat.of().formatHex(algorithm.newMessageDigest().digest(content)));
    }

    /** The canonical form, which is also the content of a link: {@code sha256:<hex>}. */
    @Override
    public String toString() {
        return algorithm.label() + ":" + hex;
    }
}
