package dev.registrybackup.lab;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.Supplier;

/** Bytes and their SHA-256. The bytes are generated each time they are read, so a large blob takes no memory. */
public final class Blob {

    private static final String ALGORITHM = "sha256";

    private final Supplier<InputStream> content;
    private final long size;
    private final String hex;

    private Blob(long size, Supplier<InputStream> content) {
        this.size = size;
        this.content = content;
        hex = sha256(content.get());
    }

    /** These bytes. */
    public static Blob of(byte[] bytes) {
        byte[] copy = bytes.clone();
        return new Blob(copy.length, () -> new ByteArrayInputStream(copy));
    }

    /** Random bytes with the header of a gzip file, the same for the same seed. */
    public static Blob layer(long seed, long size) {
        return new Blob(size, () -> new LayerStream(seed, size));
    }

    /** The content from its beginning; the caller closes it. */
    public InputStream open() {
        return content.get();
    }

    /** Length in bytes. */
    public long size() {
        return size;
    }

    /** "sha256:" and the hexadecimal digits. */
    public String digest() {
        return ALGORITHM + ":" + hex;
    }

    /** The digest's 64 hexadecimal digits. */
    public String hex() {
        return hex;
    }

    /** All bytes at once, for manifests. */
    public byte[] bytes() {
        try (InputStream stream = open()) {
            return stream.readAllBytes();
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to read " + this, cause);
        }
    }

    @Override
    public String toString() {
        return digest() + " (" + size + " bytes)";
    }

    /** The SHA-256 of all bytes, in hexadecimal; closes the stream. */
    static String sha256(InputStream content) {
        try (DigestInputStream stream = new DigestInputStream(content, MessageDigest.getInstance("SHA-256"))) {
            stream.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(stream.getMessageDigest().digest());
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to compute a digest", cause);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Every JDK has SHA-256", impossible);
        }
    }
}
