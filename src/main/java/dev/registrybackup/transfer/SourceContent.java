package dev.registrybackup.transfer;

import dev.registrybackup.content.ContentProof;
import dev.registrybackup.content.ProvingInputStream;
import dev.registrybackup.store.ByteRange;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.ReplayableContent;
import java.io.FilterInputStream;
import java.io.InputStream;
import java.util.Optional;

/**
 * One object of a store, or one part of it, as content to be written elsewhere. Each time it is opened it reads the same
 * object again ({@code If-Match}) with the proof as it stood at the part's start. One thread at a time.
 */
final class SourceContent implements ReplayableContent {
    private final Origin origin;
    private final ByteRange range;
    private final Optional<ContentProof> atStart;
    private Optional<ContentProof> running;

    SourceContent(Origin origin, ByteRange range, Optional<ContentProof> atStart) {
        this.origin = origin;
        this.range = range;
        this.atStart = atStart;
        this.running = atStart;
    }

    /** A whole object, which has at least one byte. */
    static SourceContent whole(Origin origin, Optional<ContentProof> proof) {
        return new SourceContent(origin, new ByteRange(0, origin.object().size()), proof);
    }

    @Override
    public long size() {
        return range.length();
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed with the stream that is returned
    public InputStream open() {
        long size = origin.object().size();
        OpenObject reading = origin.open(range.length() == size ? Optional.empty() : Optional.of(range));
        running = atStart.map(ContentProof::copy);
        boolean last = range.offset() + range.length() == size;
        return new ProvingInputStream(new ClosingWith(reading), range.length(), running, last);
    }

    /** The proof after the bytes that were last read through {@link #open}. */
    Optional<ContentProof> proofAfter() {
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
