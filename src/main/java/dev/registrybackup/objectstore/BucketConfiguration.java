package dev.registrybackup.objectstore;

import java.time.Instant;
import java.util.List;

/**
 * The configuration of a bucket. Any single value may be unknown: the credentials may not allow reading it, and few
 * stores support all of them.
 *
 * @param serverTime the time of the store's clock, UTC, to the second
 * @param versioningEnabled whether it keeps versions
 * @param lifecycleRules its enabled lifecycle rules
 * @param notificationRules its notification rules
 * @param objectLockEnabled whether its objects can be locked
 */
public record BucketConfiguration(
        ProbeResult<Instant> serverTime,
        ProbeResult<Boolean> versioningEnabled,
        ProbeResult<List<LifecycleRule>> lifecycleRules,
        ProbeResult<List<NotificationRule>> notificationRules,
        ProbeResult<Boolean> objectLockEnabled) {}
