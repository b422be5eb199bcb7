package dev.registrybackup.replication;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.OpenObject;
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
        return ThrottledObject.of(super.open(key, range, etag), rateLimiter);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        return ThrottledObject.of(super.openVersion(key, versionId, range), rateLimiter);
    }
}
