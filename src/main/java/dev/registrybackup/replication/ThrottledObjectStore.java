package dev.registrybackup.replication;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.OpenObject;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Optional;

/** A store whose objects are read at a limited rate. */
public final class ThrottledObjectStore extends ForwardingObjectStore {
    private final RateLimiter rateLimiter;

    /** Limits reads from this store. */
    public ThrottledObjectStore(ObjectStore delegate, RateLimiter rateLimiter) {
        super(delegate);
        this.rateLimiter = rateLimiter;
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        return throttled(super.open(key, range, etag), rateLimiter);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        return throttled(super.openVersion(key, versionId, range), rateLimiter);
    }

    /** The open object, read at a limited rate. */
    static OpenObject throttled(OpenObject opened, RateLimiter rateLimiter) {
        return new ThrottledObject(opened, new ThrottledInputStream(opened.stream(), rateLimiter));
    }

    private record ThrottledObject(OpenObject delegate, InputStream stream) implements OpenObject {
        @Override
        public ObjectInfo info() {
            return delegate.info();
        }

        @Override
        public void close() {
            delegate.close();
        }
    }

    private static final class ThrottledInputStream extends FilterInputStream {
        private final RateLimiter rateLimiter;

        ThrottledInputStream(InputStream in, RateLimiter rateLimiter) {
            super(in);
            this.rateLimiter = rateLimiter;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = in.read(buffer, offset, length);
            try {
                rateLimiter.acquire(Math.max(count, 0));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("Interrupted while waiting for the bandwidth limit");
            }
            return count;
        }
    }
}
