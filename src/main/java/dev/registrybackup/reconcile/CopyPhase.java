package dev.registrybackup.reconcile;

import com.google.errorprone.annotations.MustBeClosed;
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
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Copies keys by the same replicator as events, so many at a time. Keys are handed to it by one thread. */
final class CopyPhase {
    private static final int CONCURRENCY = 64;

    /** What was seen of a key in the backup. */
    enum InBackup {
        /** A comparison has just shown that it is not there. */
        ABSENT,
        /** Something is there, which may not be what the registry has. */
        DIFFERENT,
        /** Nobody looked. */
        UNKNOWN
    }

    private final StorePair storePair;
    private final ReplicationTools replicationTools;
    private final WorkerPools workerPools;
    private final OperationContext context;
    private final ReconcileStats reconcileStats;
    private final Optional<Instant> missedByEventsBefore;
    private final Semaphore permits = new Semaphore(CONCURRENCY);

    /**
     * Copies by those tools.
     *
     * @param missedByEventsBefore what was written before then, events should have copied; empty if there were none yet
     */
    CopyPhase(
            StorePair storePair,
            ReplicationTools replicationTools,
            WorkerPools workerPools,
            OperationContext context,
            ReconcileStats reconcileStats,
            Optional<Instant> missedByEventsBefore) {
        this.storePair = storePair;
        this.replicationTools = replicationTools;
        this.workerPools = workerPools;
        this.context = context;
        this.reconcileStats = reconcileStats;
        this.missedByEventsBefore = missedByEventsBefore;
    }

    /**
     * Has the key copied, and returns once there is room for the next.
     *
     * @param inBackup what was seen of it in the backup
     * @param then is handed the result, on another thread
     * @throws dev.registrybackup.operation.FencedException if nothing more may be written
     */
    void copy(String key, InBackup inBackup, Consumer<KeyResult> then) {
        copy(key, inBackup, Optional.empty(), Optional.empty(), then);
    }

    /**
     * As {@link #copy(String, InBackup, Consumer)}, of a key that a listing of the registry may just have shown.
     *
     * @param listed what the listing shows of it; empty if nothing
     * @param target what the link contains, as its ETag there shows; empty if that is not known
     */
    void copy(
            String key,
            InBackup inBackup,
            Optional<ObjectInfo> listed,
            Optional<Digest> target,
            Consumer<KeyResult> then) {
        context.checkFence();
        permits.acquireUninterruptibly();
        context.progress().addExpected(1, 0);
        // Something showed that it may be missing, so what is remembered of it may be wrong.
        replicationTools.durableKeys().remove(key);
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
            return replicationTools.replicator().replicate(key);
        }
        return listed.isPresent() && target.isPresent()
                ? replicationTools.replicator().replicateAbsent(listed.get(), target.get())
                : replicationTools.replicator().replicateAbsent(key);
    }

    /** Links that differ by their ETags may be the same for all that, where those are no MD5 (KMS). */
    private CompletableFuture<Boolean> hasSameContent(RegistryPath path, String key, boolean differed) {
        return differed && path instanceof Link
                ? workerPools.submitSmall(() -> readLink(storePair.registry(), key)
                        .filter(link -> readLink(storePair.backup(), key)
                                .filter(copy -> Arrays.equals(link, copy))
                                .isPresent())
                        .isPresent())
                : CompletableFuture.completedFuture(false);
    }

    /** What a link says; empty if it is gone, or is no link. */
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
        } finally {
            context.progress().addDone(1, 0);
            permits.release();
        }
    }

    /** A listing of the registry to go along with keys in their order. */
    @MustBeClosed
    SortedListing listRegistry(String prefix) {
        return SortedListing.of(storePair.registry(), prefix);
    }

    /** Lets whoever only compares learn that it may not go on. */
    void checkFence() {
        context.checkFence();
    }

    /** Returns once nothing is under way. */
    void await() {
        permits.acquireUninterruptibly(CONCURRENCY);
        permits.release(CONCURRENCY);
    }
}
