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
 * One object that is read and nothing else: by its ETag, or by its version where it may have been replaced or hidden since.
 *
 * @param store where it is
 * @param info facts about it
 * @param version the version to read; empty for the one that is visible
 * @param rateLimiter how fast it may be read
 */
public record SourceObject(ObjectStore store, ObjectInfo info, Optional<String> version, RateLimiter rateLimiter) {
    /** The visible object, read as fast as it comes. */
    public static SourceObject current(ObjectStore store, ObjectInfo object) {
        return new SourceObject(store, object, Optional.empty(), RateLimiter.unlimited());
    }

    /** Opens it, or a range of it. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    OpenObject open(Optional<ByteRange> range) {
        OpenObject opened = version.map(id -> store.openVersion(info.key(), id, range))
                .orElseGet(() -> store.open(info.key(), range, Optional.of(info.etag())));
        return ThrottledObject.of(opened, rateLimiter);
    }

    /**
     * Reads it to its end and says whether its bytes are what the digest says.
     *
     * @throws ObjectStoreException if it cannot be read
     */
    public boolean matches(Digest digest) {
        DigestVerifier proof = DigestVerifier.of(digest);
        try (OpenObject reading = open(Optional.empty())) {
            InputStream stream = reading.stream();
            byte[] buffer = new byte[64 << 10];
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                proof.update(buffer, 0, count);
            }
            proof.verify();
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
