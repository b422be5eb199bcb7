package dev.registrybackup.registry;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * A stream of known length that returns its last bytes only after all bytes are verified. A transfer with an announced
 * length can therefore not complete with wrong bytes.
 *
 * <p>It may cover an object or one multipart part; only the last part ends the verification.
 */
public final class VerifyingInputStream extends FilterInputStream {
    private final long length;
    private final Optional<DigestVerifier> verifier;
    private final boolean isLastPart;
    private long bytesRead;
    private boolean isVerified;

    /**
     * Wraps a stream.
     *
     * @param length how many bytes it must have
     * @param verifier receives every byte; empty for objects without a digest
     * @param isLastPart whether the last byte here is the last one to verify
     */
    public VerifyingInputStream(InputStream in, long length, Optional<DigestVerifier> verifier, boolean isLastPart) {
        super(in);
        this.length = length;
        this.verifier = verifier;
        this.isLastPart = isLastPart;
    }

    /** Reads one byte, with the promise of {@link #read(byte[], int, int)}. */
    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        int count = read(one, 0, 1);
        return count < 0 ? -1 : one[0] & 0xff;
    }

    /**
     * Reads some bytes.
     *
     * @throws EOFException if the stream ends before its length
     * @throws DigestMismatchException instead of returning the last bytes, if the bytes do not match the digest
     */
    @Override
    public int read(byte[] buffer, int offset, int wanted) throws IOException {
        if (bytesRead == length) {
            verifyOnce();
            return -1;
        }
        int count = in.read(buffer, offset, (int) Math.min(wanted, length - bytesRead));
        if (count < 0) {
            throw new EOFException("Ended after %d of %d bytes".formatted(bytesRead, length));
        }
        int taken = count;
        verifier.ifPresent(running -> running.update(buffer, offset, taken));
        if (bytesRead + count == length) {
            verifyOnce();
        }
        bytesRead += count;
        return count;
    }

    private void verifyOnce() {
        if (!isVerified && isLastPart) {
            verifier.ifPresent(DigestVerifier::verify);
        }
        isVerified = true;
    }

    /** Skips by reading, because skipped bytes would not be verified. */
    @Override
    public long skip(long count) throws IOException {
        if (count <= 0) {
            return 0;
        }
        byte[] buffer = new byte[(int) Math.min(count, 8192)];
        return Math.max(0, read(buffer, 0, buffer.length));
    }

    /** Not supported: going back would hash bytes twice, so callers open the object again. */
    @Override
    public boolean markSupported() {
        return false;
    }
}
