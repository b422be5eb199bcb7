package dev.registrybackup.notification;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One object that was created according to a store. It may have been deleted or replaced since: stores deliver late, twice
 * and out of order, and some announce an object that does not exist yet. Ceph RGW sends {@code ObjectCreated:Post} when a multipart
 * upload begins (Ceph doc/radosgw/notifications.rst).
 *
 * @param bucket the bucket's name as the store wrote it
 * @param key the object's key, decoded where the store's dialect encodes it
 * @param size its bytes, if known; a hint only. NooBaa sends the length of its response, not of the object
 *     (noobaa-core src/util/notifications_util.js, compose_notification_req)
 * @param eventTime the time of the event, by the store's clock; empty if missing or unreadable
 */
public record ObjectCreated(String bucket, String key, OptionalLong size, Optional<Instant> eventTime) {
    /** Throws {@link IllegalArgumentException} for an empty bucket or key. */
    public ObjectCreated {
        if (bucket.isEmpty() || key.isEmpty()) {
            throw new IllegalArgumentException(
                    "A notification needs a bucket and a key, not \"%s\" and \"%s\"".formatted(bucket, key));
        }
    }
}
