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
 * One object of a store, or one part of it, as content to be written elsewhere. Each time it is opened it reads the same
 * object again ({@code If-Match}) with the proof as it stood at the part's start. One thread at a time.
 */
final class SourceBody implements ContentSource {
    private final SourceObject sourceObject;
    private final ByteRange range;
    private final Optional<DigestVerifier> verifierAtStart;
    private Optional<DigestVerifier> verifier;

    SourceBody(SourceObject sourceObject, ByteRange range, Optional<DigestVerifier> atStart) {
        this.sourceObject = sourceObject;
        this.range = range;
        this.verifierAtStart = atStart;
        this.verifier = atStart;
    }

    /** A whole object, which has at least one byte. */
    static SourceBody ofObject(SourceObject sourceObject, Optional<DigestVerifier> proof) {
        return new SourceBody(sourceObject, new ByteRange(0, sourceObject.info().size()), proof);
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
        OpenObject reading = sourceObject.open(range.length() == size ? Optional.empty() : Optional.of(range));
        verifier = verifierAtStart.map(DigestVerifier::copy);
        boolean last = range.offset() + range.length() == size;
        return new VerifyingInputStream(new ClosingInputStream(reading), range.length(), verifier, last);
    }

    /** The proof after the bytes that were last read through {@link #open}. */
    Optional<DigestVerifier> verifierAfter() {
        return verifier;
    }

    /** Reads ahead, and ends the read when the stream is closed. */
    private static final class ClosingInputStream extends BufferedInputStream {
        /** The HTTP client asks for 4 KiB at a time, which would be a system call each. */
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
