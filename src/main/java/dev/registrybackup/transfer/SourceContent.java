package dev.registrybackup.transfer;

import dev.registrybackup.content.ContentProof;
import dev.registrybackup.content.ProvingInputStream;
import dev.registrybackup.store.ByteRange;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
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
    private final ObjectStore store;
    private final ObjectInfo object;
    private final ByteRange range;
    private final Optional<ContentProof> atStart;
    private Optional<ContentProof> running;

    SourceContent(ObjectStore store, ObjectInfo object, ByteRange range, Optional<ContentProof> atStart) {
        this.store = store;
        this.object = object;
        this.range = range;
        this.atStart = atStart;
        this.running = atStart;
    }

    /** A whole object, which has at least one byte. */
    static SourceContent whole(ObjectStore store, ObjectInfo object, Optional<ContentProof> proof) {
        return new SourceContent(store, object, new ByteRange(0, object.size()), proof);
    }

    @Override
    public long size() {
        return range.length();
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // closed with the stream that is returned
    public InputStream open() {
        boolean whole = range.length() == object.size();
        OpenObject reading =
                store.open(object.key(), whole ? Optional.empty() : Optional.of(range), Optional.of(object.etag()));
        running = atStart.map(ContentProof::copy);
        boolean last = range.offset() + range.length() == object.size();
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
