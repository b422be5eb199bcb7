package dev.registrybackup.replication;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.DigestVerifier;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * An exact object to read, identified by its ETag, or by its version if it may have been replaced or deleted since.
 *
 * @param store the store that has it
 * @param info its key, size and ETag
 * @param version the version ID to read; empty for the current version
 * @param rateLimiter limits how fast it is read
 */
public record SourceObject(ObjectStore store, ObjectInfo info, Optional<String> version, RateLimiter rateLimiter) {
    /** The current version of an object, read without a rate limit. */
    public static SourceObject current(ObjectStore store, ObjectInfo object) {
        return new SourceObject(store, object, Optional.empty(), RateLimiter.unlimited());
    }

    /** Opens the object, or a range of it. Throws {@link ObjectStoreException} if it was replaced or deleted since. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    OpenObject open(Optional<ByteRange> range) {
        OpenObject opened = version.map(id -> store.openVersion(info.key(), id, range))
                .orElseGet(() -> store.open(info.key(), range, Optional.of(info.etag())));
        return ThrottledObjectStore.throttled(opened, rateLimiter);
    }

    /**
     * Reads the object to its end and returns whether its bytes match the digest.
     *
     * @throws ObjectStoreException if the object cannot be read
     */
    public boolean matches(Digest digest) {
        DigestVerifier verifier = DigestVerifier.of(digest);
        try (OpenObject reading = open(Optional.empty())) {
            InputStream stream = reading.stream();
            byte[] buffer = new byte[64 << 10];
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                verifier.update(buffer, 0, count);
            }
            verifier.verify();
            return true;
        } catch (DigestMismatchException e) {
            return false;
        } catch (IOException e) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to read %s to its end: %s".formatted(info.key(), e.getMessage()),
                    e);
        }
    }
}
