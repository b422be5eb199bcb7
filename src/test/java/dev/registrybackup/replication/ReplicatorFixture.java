package dev.registrybackup.replication;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** One instance of the program, as far as it replicates: threads and memory of its own between two buckets. */
public final class ReplicatorFixture implements AutoCloseable {
    private static final long TIMEOUT_SECONDS = 30;
    /** No object has this key, so that to ask for it changes nothing. */
    private static final String NO_BLOB = "blobs/sha256/00/" + "0".repeat(64) + "/data";

    private final RecordingObjectStore registry;
    private final RecordingObjectStore backup;
    private final WorkerPools workerPools;
    private final Replicator replicator;
    private final Queue<CompletableFuture<ReplicationResult>> unblocked = new ConcurrentLinkedQueue<>();

    /** What differs between instances. */
    public record FixtureOptions(
            int smallThreads, int largeThreads, boolean copiesUnknownObjects, boolean linksLayers) {
        /** Of a registry that writes all layer links itself. */
        public FixtureOptions(int smallThreads, int largeThreads, boolean copiesUnknownObjects) {
            this(smallThreads, largeThreads, copiesUnknownObjects, true);
        }
    }

    public ReplicatorFixture(ObjectStore registry, ObjectStore backup) {
        this(registry, backup, new FixtureOptions(4, 2, false));
    }

    public ReplicatorFixture(ObjectStore registry, ObjectStore backup, FixtureOptions fixtureOptions) {
        RegistryLayout layout = new RegistryLayout("");
        this.registry = new RecordingObjectStore(registry);
        this.backup = new RecordingObjectStore(backup);
        this.workerPools = new WorkerPools(fixtureOptions.smallThreads(), fixtureOptions.largeThreads());
        this.replicator = new Replicator(
                layout,
                this.registry,
                this.backup,
                fixtureOptions.copiesUnknownObjects(),
                fixtureOptions.linksLayers(),
                workerPools,
                Clock.systemUTC(),
                (link, again) -> unblocked.add(again));
        replicate(layout.prefix() + NO_BLOB);
        clearRequests();
    }

    /** An empty bucket. */
    public static InMemoryObjectStore bucket(String name, boolean versioned) {
        return new InMemoryObjectStore(name, versioned, Clock.systemUTC());
    }

    /** Starts to replicate a key. */
    CompletableFuture<ReplicationResult> startReplicate(String key) {
        return replicator.replicate(key).orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    /** Replicates a key, and waits until it and all links that it unblocked are done. */
    ReplicationResult replicate(String key) {
        ReplicationResult replicationResult = startReplicate(key).join();
        unblocked();
        return replicationResult;
    }

    /** Replicates keys one after the other. */
    public List<ReplicationStatus> replicateAll(List<String> keys) {
        return keys.stream().map(key -> replicate(key).status()).toList();
    }

    /** Why the key could not be replicated. */
    StoreError failure(String key) {
        try {
            throw new AssertionError(
                    "Expected a failure but got " + startReplicate(key).join());
        } catch (CompletionException e) {
            if (e.getCause() instanceof ObjectStoreException failure) {
                return failure.error();
            }
            throw e;
        }
    }

    /** Waits until all retried links are finished, and returns their results. */
    List<ReplicationResult> unblocked() {
        List<ReplicationResult> outcomes = new ArrayList<>();
        for (CompletableFuture<ReplicationResult> again = unblocked.poll(); again != null; again = unblocked.poll()) {
            outcomes.add(again.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join());
        }
        return outcomes;
    }

    /** Does what an instance does each minute: reads what other instances recorded, and retries blocked links. */
    void runPeriodicWork() {
        replicator.retryBlocked();
        unblocked();
    }

    /** The requests to the registry. */
    public RecordingObjectStore registry() {
        return registry;
    }

    /** The requests to the backup. */
    public RecordingObjectStore backup() {
        return backup;
    }

    void clearRequests() {
        registry.clearRequests();
        backup.clearRequests();
    }

    @Override
    public void close() {
        workerPools.close();
    }
}
