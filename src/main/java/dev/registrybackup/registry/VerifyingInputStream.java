package dev.registrybackup.registry;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * A stream of known length that hands out its last bytes only once all that it covers is proved. Whoever sends it
 * onward with its length announced can therefore not complete a transfer of wrong bytes.
 *
 * <p>It may cover a whole object or one part of it; only the last part ends the proof.
 */
public final class VerifyingInputStream extends FilterInputStream {
    private final long length;
    private final Optional<DigestVerifier> proof;
    private final boolean endsProof;
    private long handedOut;
    private boolean complete;

    /**
     * Wraps a stream.
     *
     * @param length how many bytes it must have
     * @param proof fed with every byte; empty for objects that no digest names
     * @param endsProof whether the last byte here is the last byte of what is proved
     */
    public VerifyingInputStream(InputStream in, long length, Optional<DigestVerifier> proof, boolean endsProof) {
        super(in);
        this.length = length;
        this.proof = proof;
        this.endsProof = endsProof;
    }

    /** Reads one byte, under the promise of {@link #read(byte[], int, int)}. */
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
     * @throws DigestMismatchException instead of handing out the last bytes, if all of them do not fit the digest
     */
    @Override
    public int read(byte[] buffer, int offset, int wanted) throws IOException {
        if (handedOut == length) {
            completeOnce();
            return -1;
        }
        int count = in.read(buffer, offset, (int) Math.min(wanted, length - handedOut));
        if (count < 0) {
            throw new EOFException("Ended after %d of %d bytes".formatted(handedOut, length));
        }
        int taken = count;
        proof.ifPresent(running -> running.update(buffer, offset, taken));
        if (handedOut + count == length) {
            completeOnce();
        }
        handedOut += count;
        return count;
    }

    private void completeOnce() {
        if (!complete && endsProof) {
            proof.ifPresent(DigestVerifier::complete);
        }
        complete = true;
    }

    /** Skips by reading, since skipped bytes would be unproved. */
    @Override
    public long skip(long count) throws IOException {
        if (count <= 0) {
            return 0;
        }
        byte[] buffer = new byte[(int) Math.min(count, 8192)];
        return Math.max(0, read(buffer, 0, buffer.length));
    }

    /** Going back would prove bytes twice: the object is opened again instead. */
    @Override
    public boolean markSupported() {
        return false;
    }
}
