package dev.registrybackup.notification;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One object that a store says was created. It may be gone or replaced since: stores deliver late, twice and out of
 * order, and some announce an object that is not there yet. Ceph RGW sends {@code ObjectCreated:Post} when a multipart
 * upload begins (Ceph doc/radosgw/notifications.rst).
 *
 * @param bucket the bucket's name as the store wrote it
 * @param key the object's key, decoded where the store's dialect encodes it
 * @param size its bytes, if told; a hint only. NooBaa sends the length of its response there, not the object's
 *     (noobaa-core src/util/notifications_util.js, compose_notification_req)
 * @param eventTime when the store says it happened, if told readably
 */
public record ObjectCreated(String bucket, String key, OptionalLong size, Optional<Instant> eventTime) {
    /** Refuses an empty bucket or key with {@link IllegalArgumentException}, since neither names anything. */
    public ObjectCreated {
        if (bucket.isEmpty() || key.isEmpty()) {
            throw new IllegalArgumentException(
                    "A notice needs a bucket and a key, not \"%s\" and \"%s\"".formatted(bucket, key));
        }
    }
}
