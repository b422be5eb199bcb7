package dev.registrybackup.check;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.LifecycleRule;
import dev.registrybackup.objectstore.MultipartUpload;
import dev.registrybackup.objectstore.NotificationRule;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.ProbeResult;
import dev.registrybackup.objectstore.StoreError;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A bucket in memory with configurable faults and settings. */
final class FaultyStore extends ForwardingObjectStore {
    private final Map<String, StoreError> faults = new HashMap<>();
    private UnaryOperator<BucketConfiguration> setUp = facts -> facts;
    boolean heedsIfNoneMatch = true;

    FaultyStore(InMemoryObjectStore below) {
        super(below);
    }

    /** Requests of this name fail with this error from now on. */
    FaultyStore failing(String request, StoreError error) {
        faults.put(request, error);
        return this;
    }

    void time(ProbeResult<Instant> time) {
        setUp(old -> new BucketConfiguration(
                time, old.versioningEnabled(), old.lifecycleRules(), old.notificationRules(), old.objectLockEnabled()));
    }

    void versioned(ProbeResult<Boolean> is) {
        setUp(old -> new BucketConfiguration(
                old.serverTime(), is, old.lifecycleRules(), old.notificationRules(), old.objectLockEnabled()));
    }

    void lifecycle(ProbeResult<List<LifecycleRule>> rules) {
        setUp(old -> new BucketConfiguration(
                old.serverTime(), old.versioningEnabled(), rules, old.notificationRules(), old.objectLockEnabled()));
    }

    void notifications(ProbeResult<List<NotificationRule>> rules) {
        setUp(old -> new BucketConfiguration(
                old.serverTime(), old.versioningEnabled(), old.lifecycleRules(), rules, old.objectLockEnabled()));
    }

    void locked() {
        setUp(old -> new BucketConfiguration(
                old.serverTime(),
                old.versioningEnabled(),
                old.lifecycleRules(),
                old.notificationRules(),
                ProbeResult.of(true)));
    }

    private void setUp(UnaryOperator<BucketConfiguration> more) {
        UnaryOperator<BucketConfiguration> before = setUp;
        setUp = facts -> more.apply(before.apply(facts));
    }

    private void ask(String request) {
        if (faults.containsKey(request)) {
            throw new ObjectStoreException(
                    faults.get(request), "Failed to %s in %s: %s".formatted(request, bucket(), faults.get(request)));
        }
    }

    @Override
    public BucketConfiguration bucketConfiguration() {
        return setUp.apply(super.bucketConfiguration());
    }

    @Override
    public void requireBucket() {
        ask("reach");
        super.requireBucket();
    }

    @Override
    public Optional<ObjectInfo> headBeforeWrite(String key) {
        ask("look");
        return super.headBeforeWrite(key);
    }

    @Override
    @MustBeClosed
    public Stream<ObjectInfo> list(String prefix) {
        ask("list");
        return super.list(prefix);
    }

    @Override
    @MustBeClosed
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        ask("read");
        return super.open(key, range, etag);
    }

    @Override
    public Optional<String> put(String key, ContentSource content, Map<String, String> metadata) {
        ask("write");
        return super.put(key, content, metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ContentSource content, Map<String, String> metadata) {
        ask("write");
        return super.putIfAbsent(key, content, metadata) || !heedsIfNoneMatch;
    }

    @Override
    @MustBeClosed
    public MultipartUpload startMultipartUpload(String key, Map<String, String> metadata) {
        ask("start");
        return super.startMultipartUpload(key, metadata);
    }

    @Override
    public void delete(String key, Optional<String> versionId) {
        ask("remove");
        super.delete(key, versionId);
    }
}
