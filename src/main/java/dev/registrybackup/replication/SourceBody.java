package dev.registrybackup.replication;

import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.DigestVerifier;
import dev.registrybackup.registry.VerifyingInputStream;
import java.io.BufferedInputStream;
import java.io.InputStream;
import java.util.Optional;

/**
 * The content of an object, or of a range of it, for an upload to another store. Each {@link #open} reads the same
 * object again ({@code If-Match}) and restarts the hash as it was at the start of the range. One thread at a time.
 */
final class SourceBody implements ContentSource {
    private final SourceObject sourceObject;
    private final ByteRange range;
    private final Optional<DigestVerifier> verifierAtStart;
    private Optional<DigestVerifier> verifier;
    private Optional<OpenObject> opened;

    /**
     * Reads this range.
     *
     * @param opened the range, open and unread, which the first {@link #open} reads; empty if it has to be opened
     */
    SourceBody(
            SourceObject sourceObject,
            ByteRange range,
            Optional<DigestVerifier> verifierAtStart,
            Optional<OpenObject> opened) {
        this.sourceObject = sourceObject;
        this.opened = opened;
        this.range = range;
        this.verifierAtStart = verifierAtStart;
        this.verifier = verifierAtStart;
    }

    @Override
    public long size() {
        return range.length();
    }

    @Override
    public Optional<Digest> sha256() {
        return verifierAtStart
                .map(DigestVerifier::expected)
                .filter(digest -> digest.algorithm() == DigestAlgorithm.SHA256
                        && range.length() == sourceObject.info().size());
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed with the stream that is returned
    public InputStream open() {
        long size = sourceObject.info().size();
        OpenObject reading = opened.orElseGet(
                () -> sourceObject.open(range.length() == size ? Optional.empty() : Optional.of(range)));
        opened = Optional.empty();
        verifier = verifierAtStart.map(DigestVerifier::copy);
        boolean last = range.offset() + range.length() == size;
        return new VerifyingInputStream(new ClosingInputStream(reading), range.length(), verifier, last);
    }

    /** The state of the hash after the bytes that were last read through {@link #open}. */
    Optional<DigestVerifier> verifierAfter() {
        return verifier;
    }

    /** Reads ahead, and closes the object with the stream. */
    private static final class ClosingInputStream extends BufferedInputStream {
        /** The HTTP client reads 4 KiB at a time, each of which would be a system call. */
        private static final int READ_AHEAD_BYTES = 256 << 10;

        private final OpenObject openObject;

        ClosingInputStream(OpenObject reading) {
            super(reading.stream(), READ_AHEAD_BYTES);
            this.openObject = reading;
        }

        @Override
        public void close() {
            openObject.close();
        }
    }
}
