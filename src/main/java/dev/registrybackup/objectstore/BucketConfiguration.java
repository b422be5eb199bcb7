package dev.registrybackup.objectstore;

import java.time.Instant;
import java.util.List;

/**
 * How a bucket is set up. Each fact may be wanting for itself: a key may read objects and not ask for these, and few
 * stores answer all of it.
 *
 * @param time what time it is by the store's clock, UTC, in whole seconds
 * @param versioned whether it keeps versions
 * @param lifecycle its enabled lifecycle rules
 * @param notifications to whom it tells what happens in it
 * @param objectLock whether its objects can be locked
 */
public record BucketConfiguration(
        ProbeResult<Instant> time,
        ProbeResult<Boolean> versioned,
        ProbeResult<List<LifecycleRule>> lifecycle,
        ProbeResult<List<NotificationRule>> notifications,
        ProbeResult<Boolean> objectLock) {}
