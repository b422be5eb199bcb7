package dev.registrybackup.replication;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.OpenObject;
import java.io.InputStream;

/** An open object whose stream is read at a limited rate. */
record ThrottledObject(OpenObject delegate, InputStream stream) implements OpenObject {
    static ThrottledObject of(OpenObject opened, RateLimiter rateLimiter) {
        return new ThrottledObject(opened, new ThrottledInputStream(opened.stream(), rateLimiter));
    }

    @Override
    public ObjectInfo info() {
        return delegate.info();
    }

    @Override
    public void close() {
        delegate.close();
    }
}
