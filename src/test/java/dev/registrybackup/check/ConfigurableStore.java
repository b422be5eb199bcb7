package dev.registrybackup.check;

import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.LifecycleRule;
import dev.registrybackup.objectstore.NotificationRule;
import dev.registrybackup.objectstore.ProbeResult;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A bucket in memory, configured as a test sets it; what it does not set is as in memory. */
final class ConfigurableStore extends ForwardingObjectStore {
    Optional<ProbeResult<Instant>> serverTime = Optional.empty();
    Optional<ProbeResult<Boolean>> versioningEnabled = Optional.empty();
    Optional<ProbeResult<List<LifecycleRule>>> lifecycleRules = Optional.empty();
    Optional<ProbeResult<List<NotificationRule>>> notificationRules = Optional.empty();
    Optional<ProbeResult<Boolean>> objectLockEnabled = Optional.empty();
    boolean heedsIfNoneMatch = true;

    ConfigurableStore(InMemoryObjectStore below) {
        super(below);
    }

    @Override
    public BucketConfiguration bucketConfiguration() {
        BucketConfiguration inMemory = super.bucketConfiguration();
        return new BucketConfiguration(
                serverTime.orElse(inMemory.serverTime()),
                versioningEnabled.orElse(inMemory.versioningEnabled()),
                lifecycleRules.orElse(inMemory.lifecycleRules()),
                notificationRules.orElse(inMemory.notificationRules()),
                objectLockEnabled.orElse(inMemory.objectLockEnabled()));
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        return super.putIfAbsent(key, content, metadata) || !heedsIfNoneMatch;
    }
}
