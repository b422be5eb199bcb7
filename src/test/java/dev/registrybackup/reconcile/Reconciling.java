package dev.registrybackup.reconcile;

import dev.registrybackup.inventory.Scope;
import dev.registrybackup.ledger.OpenLinks;
import dev.registrybackup.openshift.Cluster;
import dev.registrybackup.openshift.Snapshots;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replicate.ForeignObjects;
import dev.registrybackup.replicate.Replicator;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.RecordingObjectStore;
import dev.registrybackup.transfer.AdoptedMark;
import dev.registrybackup.transfer.Blobs;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
import dev.registrybackup.transfer.RecentlyDurable;
import dev.registrybackup.transfer.SetClock;
import dev.registrybackup.verify.Depth;
import dev.registrybackup.verify.Verification;
import dev.registrybackup.verify.VerifyRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A registry, its backup, and runs over both. */
final class Reconciling implements AutoCloseable {
    static final Permit PERMITTED = () -> {};

    private static final Policy KEEP =
            new Policy(false, Duration.ofDays(30), 0.1, 10_000, Duration.ofMinutes(15), 200_000, Duration.ZERO);

    private final RegistryLayout layout = new RegistryLayout("");
    private final SetClock clock = new SetClock();
    private final InMemoryObjectStore registryBucket = new InMemoryObjectStore("registry", false, clock);
    private final InMemoryObjectStore backupBucket;
    private final ObjectStore registrySide;
    private final ObjectStore backupSide;
    private final RecordingObjectStore registry;
    private final RecordingObjectStore backup;
    private final Lanes lanes = new Lanes(4, 2);
    private final Path scratch;
    private Policy policy = KEEP;
    private StoreComparer comparer;
    private Meter meter = new Meter();
    private int runs;
    private Optional<Cluster> cluster = Optional.empty();

    Reconciling(Path scratch) {
        this(scratch, true);
    }

    Reconciling(Path scratch, boolean versioned) {
        this(scratch, versioned, UnaryOperator.identity(), UnaryOperator.identity());
    }

    /** What the stores show is made of the buckets by these. */
    Reconciling(
            Path scratch,
            boolean versioned,
            UnaryOperator<ObjectStore> ofRegistry,
            UnaryOperator<ObjectStore> ofBackup) {
        this.scratch = scratch;
        this.backupBucket = new InMemoryObjectStore("backup", versioned, clock);
        this.registrySide = ofRegistry.apply(registryBucket);
        this.backupSide = ofBackup.apply(backupBucket);
        this.registry = new RecordingObjectStore(registrySide);
        this.backup = new RecordingObjectStore(backupSide);
        this.comparer = new StoreComparer(registrySide, backupSide);
    }

    /** The registry has all of that; what it has already stays as it is. */
    Reconciling of(RandomRegistry content) {
        content.objects().forEach((key, bytes) -> {
            boolean isThere = registryBucket.find(key).isPresent() && Arrays.equals(registryBucket.bytes(key), bytes);
            if (!isThere) {
                registryBucket.seed(key, bytes);
            }
        });
        return this;
    }

    Reconciling with(Policy other) {
        policy = other;
        return this;
    }

    /** What the registry has lacked for thirty days leaves the backup. */
    Reconciling mirroring() {
        return with(new Policy(true, Duration.ofDays(30), 0.9, 10_000, Duration.ofMinutes(15), 200_000, Duration.ZERO));
    }

    /** As on OpenShift, with that cluster. */
    Reconciling on(Cluster openShift) {
        cluster = Optional.of(openShift);
        return this;
    }

    SetClock clock() {
        return clock;
    }

    InMemoryObjectStore registryBucket() {
        return registryBucket;
    }

    InMemoryObjectStore backupBucket() {
        return backupBucket;
    }

    RecordingObjectStore registry() {
        return registry;
    }

    RecordingObjectStore backup() {
        return backup;
    }

    /** What compares in the next run, fresh. */
    StoreComparer comparer() {
        comparer = new StoreComparer(registrySide, backupSide);
        return comparer;
    }

    /** What the last run told of itself. */
    Meter.Reading reading() {
        return meter.read();
    }

    Reconciliation.Result run() {
        return run(PERMITTED);
    }

    Reconciliation.Result run(Permit permit) {
        return run(new ReconcileRequest(Optional.empty()), permit);
    }

    Reconciliation.Result acknowledging(String alarm) {
        return run(new ReconcileRequest(Optional.of(alarm)), PERMITTED);
    }

    private Reconciliation.Result run(ReconcileRequest request, Permit permit) {
        meter = new Meter();
        runs++;
        return reconciliation().run(id(), request, "a test", permit, meter);
    }

    Reconciliation reconciliation() {
        BiFunction<Sides, Pace, Copying> copying = (sides, pace) -> copying(sides);
        return new Reconciliation(
                new Sides(registry, backup, layout),
                new Reconciliation.Tools(
                        directory -> comparer,
                        copying,
                        snapshots(),
                        Optional.empty(),
                        lanes,
                        Pace.unbounded(),
                        clock,
                        scratch),
                policy,
                false);
    }

    private Optional<Function<ObjectStore, Optional<Snapshots>>> snapshots() {
        return cluster.map(openShift -> store -> openShift.hasImages()
                ? Optional.of(new Snapshots(openShift, store, lanes, clock, () -> "%08x".formatted(runs)))
                : Optional.empty());
    }

    /** Has every byte of that store verified, as an operation of its own does. */
    Verification.Result verify(String store) {
        runs++;
        return new Verification(
                        name -> name.equals(VerifyRequest.BACKUP) ? backup : registry,
                        backup,
                        layout,
                        lanes,
                        Pace.unbounded(),
                        false,
                        clock,
                        Optional.empty())
                .run(
                        id(),
                        new VerifyRequest(store, new Scope.All(), Depth.CONTENT, Optional.empty()),
                        PERMITTED,
                        new Meter());
    }

    private String id() {
        return "20261122T10%04dZ-00000000".formatted(runs);
    }

    private Copying copying(Sides sides) {
        ObjectStore from = sides.registry();
        ObjectStore to = sides.backup();
        RecentlyDurable durable = new RecentlyDurable(clock, Duration.ofMinutes(5), 100_000);
        AdoptedMark adopted = new AdoptedMark(to, layout, clock);
        Blobs blobs = new Blobs(layout, from, to, adopted, lanes, durable);
        OpenLinks openLinks = new OpenLinks(to, clock);
        openLinks.refresh();
        Replicator replicator = new Replicator(
                new Replicator.Parts(
                        layout, from, to, blobs, new ForeignObjects(from, to, lanes, false), openLinks, durable, lanes),
                (link, again) -> {});
        return new Copying(replicator, blobs, adopted, durable, openLinks);
    }

    /** What the backup shows of the registry's objects, with their content as text. */
    SortedMap<String, String> backedUp() {
        return texts(backupBucket, backupBucket.keys(layout.prefix()));
    }

    /** What the registry has but for uploads, with its content as text. */
    SortedMap<String, String> inRegistry() {
        return texts(
                registryBucket,
                registryBucket.keys(layout.prefix()).stream()
                        .filter(key -> !key.contains("/_uploads/"))
                        .toList());
    }

    private static SortedMap<String, String> texts(InMemoryObjectStore bucket, List<String> keys) {
        SortedMap<String, String> found = new TreeMap<>();
        keys.forEach(
                key -> found.put(key, new String(bucket.bytes(key), java.nio.charset.StandardCharsets.ISO_8859_1)));
        return found;
    }

    /** A figure of one class. */
    static long figure(Reconciliation.Result result, String kind, String count) {
        return result.summary().path("classes").path(kind).path(count).asLong();
    }

    /** A figure of all classes. */
    static long total(Reconciliation.Result result, String count) {
        return result.summary().path(count).asLong();
    }

    @Override
    public void close() {
        lanes.close();
    }
}
