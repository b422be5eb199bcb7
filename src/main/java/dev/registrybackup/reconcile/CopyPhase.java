package dev.registrybackup.reconcile;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.reconcile.ReconcileStats.Count;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.Replicator;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Copies keys with the replicator of events, at most {@value #CONCURRENCY} at a time. Safe for use by many threads. */
final class CopyPhase {
    private static final int CONCURRENCY = 64;

    /** The known state of a key in the backup. */
    enum InBackup {
        /** The backup's listing does not have it. */
        ABSENT,
        /** The backup has it with other content than the registry. */
        DIFFERENT,
        /** Its state has not been checked. */
        UNKNOWN
    }

    private final StorePair storePair;
    private final Replicator replicator;
    private final WorkerPools workerPools;
    private final OperationContext context;
    private final ReconcileStats reconcileStats;
    private final Optional<Instant> missedByEventsBefore;
    private final Semaphore permits = new Semaphore(CONCURRENCY);
    /** The first failure of a result's consumer. */
    private final AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();

    /**
     * Copies from the pair's registry into its backup.
     *
     * @param missedByEventsBefore events should have copied what was written before then; empty in a first fill
     */
    CopyPhase(
            StorePair storePair,
            Replicator replicator,
            WorkerPools workerPools,
            OperationContext context,
            ReconcileStats reconcileStats,
            Optional<Instant> missedByEventsBefore) {
        this.storePair = storePair;
        this.replicator = replicator;
        this.workerPools = workerPools;
        this.context = context;
        this.reconcileStats = reconcileStats;
        this.missedByEventsBefore = missedByEventsBefore;
    }

    /**
     * Starts to copy the key, and returns as soon as another one may start.
     *
     * @param inBackup the known state of the key in the backup
     * @param then receives the result, on any thread; what it throws, the next call of any method of this class throws
     * @throws dev.registrybackup.operation.FencedException if the run must stop
     */
    void copy(String key, InBackup inBackup, Consumer<KeyResult> then) {
        copy(key, inBackup, Optional.empty(), Optional.empty(), then);
    }

    /**
     * As {@link #copy(String, InBackup, Consumer)}, with what a listing of the registry has just shown.
     *
     * @param listed the registry's object; empty if it was not listed
     * @param target the link's content, as its ETag shows; empty if the ETag does not show it
     */
    void copy(
            String key,
            InBackup inBackup,
            Optional<ObjectInfo> listed,
            Optional<Digest> target,
            Consumer<KeyResult> then) {
        checkFence();
        permits.acquireUninterruptibly();
        context.progress().addExpected(1, 0);
        // The key was reported as missing or different, so the cache may be wrong that it is durable.
        replicator.durableKeys().remove(key);
        RegistryPath path = storePair.layout().parse(key);
        boolean differed = inBackup == InBackup.DIFFERENT;
        hasSameContent(path, key, differed)
                .thenCompose(alike -> alike
                        ? CompletableFuture.completedFuture(KeyResult.same())
                        : isMissedByEvents(key, listed)
                                .thenCompose(missed -> replicate(key, inBackup, listed, target)
                                        .thenApply(replicationResult ->
                                                toKeyResult(path.kind(), replicationResult, differed, missed))))
                .handle((keyResult, failure) ->
                        failure == null ? keyResult : KeyResult.failed(WorkerPools.unwrap(failure)))
                .whenComplete((keyResult, never) -> finish(keyResult, then));
    }

    private CompletableFuture<ReplicationResult> replicate(
            String key, InBackup inBackup, Optional<ObjectInfo> listed, Optional<Digest> target) {
        if (inBackup != InBackup.ABSENT) {
            return replicator.replicate(key);
        }
        return listed.isPresent() && target.isPresent()
                ? replicator.replicateAbsent(listed.get(), target.get())
                : replicator.replicateAbsent(
                        key, listed.stream().mapToLong(ObjectInfo::size).findFirst());
    }

    /** Compares links by content, because their ETags differ under KMS even if they are the same. */
    private CompletableFuture<Boolean> hasSameContent(RegistryPath path, String key, boolean differed) {
        return differed && path instanceof Link
                ? workerPools.submitSmall(() -> readLink(storePair.registry(), key)
                        .filter(link -> readLink(storePair.backup(), key)
                                .filter(copy -> Arrays.equals(link, copy))
                                .isPresent())
                        .isPresent())
                : CompletableFuture.completedFuture(false);
    }

    /** The content of a link; empty if it is missing or too large for a link. */
    private static Optional<byte[]> readLink(ObjectStore store, String key) {
        try (OpenObject reading = store.open(key, Optional.empty(), Optional.empty())) {
            return Optional.of(reading.readAll(LinkContent.MAX_BYTES));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND || e.error() == StoreError.BAD_REQUEST) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private CompletableFuture<Boolean> isMissedByEvents(String key, Optional<ObjectInfo> listed) {
        return missedByEventsBefore
                .map(before -> workerPools.submitSmall(
                        () -> listed.or(() -> storePair.registry().head(key))
                                .map(ObjectInfo::lastModified)
                                .filter(written -> written.isBefore(before))
                                .isPresent()))
                .orElseGet(() -> CompletableFuture.completedFuture(false));
    }

    private KeyResult toKeyResult(Kind kind, ReplicationResult replicationResult, boolean differed, boolean missed) {
        reconcileStats.add(kind, Count.BYTES_COPIED, replicationResult.bytesCopied());
        context.progress().addExpected(0, replicationResult.bytesCopied());
        context.progress().addDone(0, replicationResult.bytesCopied());
        return KeyResult.of(replicationResult, differed, missed);
    }

    private void finish(@Nullable KeyResult keyResult, Consumer<KeyResult> then) {
        try {
            if (keyResult != null) {
                then.accept(keyResult);
            }
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        } finally {
            context.progress().addDone(1, 0);
            permits.release();
        }
    }

    /** Throws if the run must stop. */
    void checkFence() {
        context.checkFence();
        RuntimeException first = failure.get();
        if (first != null) {
            throw first;
        }
    }

    /** Waits until all submitted keys are copied. */
    void await() {
        permits.acquireUninterruptibly(CONCURRENCY);
        permits.release(CONCURRENCY);
        checkFence();
    }
}
