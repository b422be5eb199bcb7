package dev.registrybackup.objectstore;

import java.time.Instant;
import java.util.List;

/**
 * How a bucket is set up. Each fact may be wanting for itself: a key may read objects and not ask for these, and few
 * stores answer all of it.
 *
 * @param serverTime what time it is by the store's clock, UTC, in whole seconds
 * @param versioningEnabled whether it keeps versions
 * @param lifecycleRules its enabled lifecycle rules
 * @param notificationRules to whom it tells what happens in it
 * @param objectLockEnabled whether its objects can be locked
 */
public record BucketConfiguration(
        ProbeResult<Instant> serverTime,
        ProbeResult<Boolean> versioningEnabled,
        ProbeResult<List<LifecycleRule>> lifecycleRules,
        ProbeResult<List<NotificationRule>> notificationRules,
        ProbeResult<Boolean> objectLockEnabled) {}
