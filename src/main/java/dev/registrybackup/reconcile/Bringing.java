package dev.registrybackup.reconcile;

import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.reconcile.Figures.Count;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.replicate.Outcome;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.OpenObject;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.Lanes;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Brings what it is told to, so many keys at a time, by the same copier as events. For one thread that tells. */
final class Bringing {
    private static final int AT_ONCE = 64;

    private final Sides sides;
    private final Copying copying;
    private final Lanes lanes;
    private final Permit permit;
    private final Meter meter;
    private final Figures figures;
    private final Optional<Instant> missedBefore;
    private final Semaphore free = new Semaphore(AT_ONCE);

    /**
     * Brings by that copier.
     *
     * @param missedBefore what was written before then, events should have brought; empty if there were none yet
     */
    Bringing(
            Sides sides,
            Copying copying,
            Lanes lanes,
            Permit permit,
            Meter meter,
            Figures figures,
            Optional<Instant> missedBefore) {
        this.sides = sides;
        this.copying = copying;
        this.lanes = lanes;
        this.permit = permit;
        this.meter = meter;
        this.figures = figures;
        this.missedBefore = missedBefore;
    }

    /**
     * Has the key looked at and brought, and returns once there is room for the next.
     *
     * @param differed whether the backup has something under it
     * @param then is told what became of it, on another thread
     * @throws dev.registrybackup.operation.NoLongerPermittedException if nothing more may be written
     */
    void bring(String key, boolean differed, Consumer<Fate> then) {
        permit.require();
        free.acquireUninterruptibly();
        meter.expect(1, 0);
        // Whoever names it has looked; what we remember of it may be wrong.
        copying.durable().forget(key);
        RegistryPath path = sides.layout().parse(key);
        isAlike(path, key, differed)
                .thenCompose(alike -> alike
                        ? CompletableFuture.completedFuture(Fate.same())
                        : wasMissed(key)
                                .thenCompose(missed -> copying.replicator()
                                        .replicate(key)
                                        .thenApply(outcome -> fate(path.kind(), outcome, differed, missed))))
                .handle((fate, failure) -> failure == null ? fate : Fate.failed(Lanes.cause(failure)))
                .whenComplete((fate, never) -> end(fate, then));
    }

    /** Links that differ by their ETags may be the same for all that, where those are no MD5 (KMS). */
    private CompletableFuture<Boolean> isAlike(RegistryPath path, String key, boolean differed) {
        return differed && path instanceof Link
                ? lanes.small(() -> said(sides.registry(), key)
                        .filter(link -> said(sides.backup(), key)
                                .filter(copy -> Arrays.equals(link, copy))
                                .isPresent())
                        .isPresent())
                : CompletableFuture.completedFuture(false);
    }

    /** What a link says; empty if it is gone, or is no link. */
    private static Optional<byte[]> said(ObjectStore store, String key) {
        try (OpenObject reading = store.open(key, Optional.empty(), Optional.empty())) {
            return Optional.of(reading.readAll(LinkContent.LONGEST));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND || e.error() == StoreError.REFUSED) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private CompletableFuture<Boolean> wasMissed(String key) {
        return missedBefore
                .map(before -> lanes.small(() -> sides.registry()
                        .find(key)
                        .map(ObjectInfo::lastModified)
                        .filter(written -> written.isBefore(before))
                        .isPresent()))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
    }

    private Fate fate(Kind kind, Outcome outcome, boolean differed, boolean missed) {
        figures.add(kind, Count.BYTES, outcome.bytes());
        meter.expect(0, outcome.bytes());
        meter.done(0, outcome.bytes());
        return Fate.of(outcome, differed, missed);
    }

    private void end(@Nullable Fate fate, Consumer<Fate> then) {
        try {
            if (fate != null) {
                then.accept(fate);
            }
        } finally {
            meter.done(1, 0);
            free.release();
        }
    }

    /** Lets whoever only compares learn that it may not go on. */
    void mayGoOn() {
        permit.require();
    }

    /** Returns once nothing is under way. */
    void await() {
        free.acquireUninterruptibly(AT_ONCE);
        free.release(AT_ONCE);
    }
}
