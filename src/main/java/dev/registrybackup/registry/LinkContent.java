package dev.registrybackup.registry;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The content of a link: a digest and nothing else, without a newline.
 *
 * <p>Source: distribution/distribution {@code registry/storage/blobstore.go}, {@code readlink}: the whole content goes
 * through {@code digest.Parse}, so that an empty or newline-terminated link is an error and stops garbage collection.
 */
public final class LinkContent {
    /** More than any well-formed link has: {@code sha512:} and 128 digits are 135 bytes. */
    public static final int MAX_BYTES = 256;

    private LinkContent() {}

    /**
     * Parses a link.
     *
     * @throws MalformedLinkException if the content is not a digest
     */
    public static Digest parse(byte[] content) {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        try {
            return Digest.parse(text);
        } catch (IllegalArgumentException e) {
            throw new MalformedLinkException(
                    "a link of %d bytes is not a digest: %s".formatted(content.length, e.getMessage()), e);
        }
    }

    /** The content of a link to that digest. */
    public static byte[] of(Digest digest) {
        return digest.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** The MD5 of a link's content in hexadecimal: what a store that does not encrypt with KMS gives as its ETag. */
    public static String md5Hex(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("This Java runtime does not have MD5, which every S3 client needs", e);
        }
    }
}
