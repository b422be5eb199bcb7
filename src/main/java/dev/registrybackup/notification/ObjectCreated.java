package dev.registrybackup.notification;

import java.time.Instant;
import java.util.Optional;

/**
 * One object that was created according to a store. It may have been deleted or replaced since: stores deliver late, twice
 * and out of order, and some announce an object that does not exist yet. Ceph RGW sends {@code ObjectCreated:Post} when a multipart
 * upload begins (Ceph doc/radosgw/notifications.rst).
 *
 * @param bucket the bucket's name as the store wrote it, not empty
 * @param key the object's key, not empty, decoded where the store's dialect encodes it
 * @param eventTime the time of the event, by the store's clock; empty if missing or unreadable
 */
public record ObjectCreated(String bucket, String key, Optional<Instant> eventTime) {}
