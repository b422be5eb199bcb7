package dev.registrybackup.preflight;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.store.BucketFacts;
import dev.registrybackup.store.ByteRange;
import dev.registrybackup.store.ForwardingObjectStore;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.LifecycleRule;
import dev.registrybackup.store.MultipartUpload;
import dev.registrybackup.store.NotificationRule;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.ReplayableContent;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.store.Told;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A bucket in memory that refuses what it is told to, and is set up as it is told. */
final class FaultyStore extends ForwardingObjectStore {
    private final Map<String, StoreError> faults = new HashMap<>();
    private UnaryOperator<BucketFacts> setUp = facts -> facts;
    boolean heedsIfNoneMatch = true;

    FaultyStore(InMemoryObjectStore below) {
        super(below);
    }

    /** Requests of that name fail so from now on. */
    FaultyStore failing(String request, StoreError error) {
        faults.put(request, error);
        return this;
    }

    void time(Told<Instant> time) {
        setUp(old -> new BucketFacts(time, old.versioned(), old.lifecycle(), old.notifications(), old.objectLock()));
    }

    void versioned(Told<Boolean> is) {
        setUp(old -> new BucketFacts(old.time(), is, old.lifecycle(), old.notifications(), old.objectLock()));
    }

    void lifecycle(Told<List<LifecycleRule>> rules) {
        setUp(old -> new BucketFacts(old.time(), old.versioned(), rules, old.notifications(), old.objectLock()));
    }

    void notifications(Told<List<NotificationRule>> rules) {
        setUp(old -> new BucketFacts(old.time(), old.versioned(), old.lifecycle(), rules, old.objectLock()));
    }

    void locked() {
        setUp(old -> new BucketFacts(old.time(), old.versioned(), old.lifecycle(), old.notifications(), Told.of(true)));
    }

    private void setUp(UnaryOperator<BucketFacts> more) {
        UnaryOperator<BucketFacts> before = setUp;
        setUp = facts -> more.apply(before.apply(facts));
    }

    private void ask(String request) {
        if (faults.containsKey(request)) {
            throw new ObjectStoreException(
                    faults.get(request), "Failed to %s in %s: %s".formatted(request, bucket(), faults.get(request)));
        }
    }

    @Override
    public BucketFacts facts() {
        return setUp.apply(super.facts());
    }

    @Override
    public void requireBucket() {
        ask("reach");
        super.requireBucket();
    }

    @Override
    public Optional<ObjectInfo> findBeforeWrite(String key) {
        ask("look");
        return super.findBeforeWrite(key);
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
    public Optional<String> put(String key, ReplayableContent content, Map<String, String> metadata) {
        ask("write");
        return super.put(key, content, metadata);
    }

    @Override
    public boolean putIfAbsent(String key, ReplayableContent content) {
        ask("write");
        return super.putIfAbsent(key, content) || !heedsIfNoneMatch;
    }

    @Override
    @MustBeClosed
    public MultipartUpload startMultipart(String key, Map<String, String> metadata) {
        ask("start");
        return super.startMultipart(key, metadata);
    }

    @Override
    public void remove(String key, Optional<String> versionId) {
        ask("remove");
        super.remove(key, versionId);
    }
}
