package dev.registrybackup.replication;

import dev.registrybackup.concurrent.RateLimiter;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;

/** Limits how fast a stream is read. */
final class ThrottledInputStream extends FilterInputStream {
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
