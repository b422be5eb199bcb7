package dev.registrybackup.replication;

import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.registry.DigestVerifier;
import dev.registrybackup.registry.VerifyingInputStream;
import java.io.FilterInputStream;
import java.io.InputStream;
import java.util.Optional;

/**
 * One object of a store, or one part of it, as content to be written elsewhere. Each time it is opened it reads the same
 * object again ({@code If-Match}) with the proof as it stood at the part's start. One thread at a time.
 */
final class SourceBody implements ContentSource {
    private final SourceObject sourceObject;
    private final ByteRange range;
    private final Optional<DigestVerifier> atStart;
    private Optional<DigestVerifier> running;

    SourceBody(SourceObject sourceObject, ByteRange range, Optional<DigestVerifier> atStart) {
        this.sourceObject = sourceObject;
        this.range = range;
        this.atStart = atStart;
        this.running = atStart;
    }

    /** A whole object, which has at least one byte. */
    static SourceBody whole(SourceObject sourceObject, Optional<DigestVerifier> proof) {
        return new SourceBody(
                sourceObject, new ByteRange(0, sourceObject.object().size()), proof);
    }

    @Override
    public long size() {
        return range.length();
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed with the stream that is returned
    public InputStream open() {
        long size = sourceObject.object().size();
        OpenObject reading = sourceObject.open(range.length() == size ? Optional.empty() : Optional.of(range));
        running = atStart.map(DigestVerifier::copy);
        boolean last = range.offset() + range.length() == size;
        return new VerifyingInputStream(new ClosingWith(reading), range.length(), running, last);
    }

    /** The proof after the bytes that were last read through {@link #open}. */
    Optional<DigestVerifier> proofAfter() {
        return running;
    }

    /** Ends the read when the stream is closed. */
    private static final class ClosingWith extends FilterInputStream {
        private final OpenObject reading;

        ClosingWith(OpenObject reading) {
            super(reading.stream());
            this.reading = reading;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws java.io.IOException {
            return in.read(buffer, offset, length);
        }

        @Override
        public void close() {
            reading.close();
        }
    }
}
