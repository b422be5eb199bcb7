package dev.registrybackup.replicate;

import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.RecordingObjectStore;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.AdoptedMark;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.RecentlyDurable;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/** One instance of the program, as far as it replicates: threads and memory of its own between two buckets. */
public final class Pod implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 30;
    /** No object has this key, so that to ask for it changes nothing. */
    private static final String NO_BLOB = "blobs/sha256/00/" + "0".repeat(64) + "/data";

    private final RecordingObjectStore registry;
    private final RecordingObjectStore backup;
    private final OpenLinks openLinks;
    private final Lanes lanes;
    private final Replicator replicator;
    private final Queue<CompletableFuture<Outcome>> woken = new ConcurrentLinkedQueue<>();

    /** What differs between instances. */
    public record Shape(int smallThreads, int largeThreads, boolean copiesForeign) {}

    public Pod(ObjectStore registry, ObjectStore backup) {
        this(registry, backup, new Shape(4, 2, false));
    }

    public Pod(ObjectStore registry, ObjectStore backup, Shape shape) {
        RegistryLayout layout = new RegistryLayout("");
        Clock clock = Clock.systemUTC();
        RecentlyDurable durable = new RecentlyDurable(clock, Duration.ofMinutes(5), 100_000);
        this.registry = new RecordingObjectStore(registry);
        this.backup = new RecordingObjectStore(backup);
        this.lanes = new Lanes(shape.smallThreads(), shape.largeThreads());
        this.openLinks = new OpenLinks(this.backup, clock);
        Blobs blobs = new Blobs(
                layout, this.registry, this.backup, new AdoptedMark(this.backup, layout, clock), lanes, durable);
        ForeignObjects foreign = new ForeignObjects(this.registry, this.backup, lanes, shape.copiesForeign());
        this.replicator = new Replicator(
                new Replicator.Parts(layout, this.registry, this.backup, blobs, foreign, openLinks, durable, lanes),
                (link, again) -> woken.add(again));
        replicate(layout.prefix() + NO_BLOB);
        forgetRequests();
    }

    /** An empty bucket. */
    public static InMemoryObjectStore bucket(String name, boolean versioned) {
        return new InMemoryObjectStore(name, versioned, Clock.systemUTC());
    }

    /** Asks for a key and for no answer yet. */
    CompletableFuture<Outcome> begin(String key) {
        return replicator.replicate(key).orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** Asks for a key, and waits until that and all that it woke is done. */
    Outcome replicate(String key) {
        Outcome outcome = begin(key).join();
        woken();
        return outcome;
    }

    /** Asks for keys one after the other. */
    public List<Verdict> replicateAll(List<String> keys) {
        return keys.stream().map(key -> replicate(key).verdict()).toList();
    }

    /** Why the key could not be looked at. */
    StoreError failure(String key) {
        try {
            throw new AssertionError("Expected a failure but got " + begin(key).join());
        } catch (CompletionException e) {
            if (e.getCause() instanceof ObjectStoreException failure) {
                return failure.error();
            }
            throw e;
        }
    }

    /** Waits until all links that were tried again are done, and tells what became of them. */
    List<Outcome> woken() {
        List<Outcome> outcomes = new ArrayList<>();
        for (CompletableFuture<Outcome> again = woken.poll(); again != null; again = woken.poll()) {
            outcomes.add(again.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join());
        }
        return outcomes;
    }

    /** What is done once a minute: learns what other instances recorded, and tries again what can be. */
    void keepHouse() {
        openLinks.refresh();
        replicator.wakeWaiting();
        woken();
    }

    /** What it asks the registry. */
    public RecordingObjectStore registry() {
        return registry;
    }

    /** What it asks the backup. */
    public RecordingObjectStore backup() {
        return backup;
    }

    void forgetRequests() {
        registry.forget();
        backup.forget();
    }

    @Override
    public void close() {
        lanes.close();
    }
}
