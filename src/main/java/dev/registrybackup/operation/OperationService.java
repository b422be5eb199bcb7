package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Submits, shows and cancels the operations of a backup bucket. All their records are in the bucket, so any process can
 * show or cancel them. Safe for use by many threads; blocks; each method throws {@link ObjectStoreException} if the
 * bucket did not answer.
 */
public final class OperationService {
    /** How long an operation's records are kept after the request. */
    public static final Duration RETENTION = Duration.ofDays(90);

    private static final System.Logger LOGGER = System.getLogger(OperationService.class.getName());

    private final OperationStore store;
    private final OperationLock lock;
    private final OperationGc gc;
    private final StatusResolver statusResolver;
    private final OperationRunner runner;
    private final Clock clock;
    private final Supplier<String> randomHex;

    /**
     * Records operations in this bucket and starts them with this runner.
     *
     * @param randomHex supplies eight new lower-case hexadecimal digits with each call
     */
    public OperationService(ObjectStore backup, OperationRunner runner, Clock clock, Supplier<String> randomHex) {
        this.store = new OperationStore(backup);
        this.lock = new OperationLock(backup, store);
        this.gc = new OperationGc(backup, clock);
        this.statusResolver = new StatusResolver(store, runner, clock);
        this.runner = runner;
        this.clock = clock;
        this.randomHex = randomHex;
    }

    /**
     * Records the operation and starts it. If it cannot start, its records are deleted.
     *
     * @param slot what only one operation of the kind may use at once, such as the store that is written to
     * @param by who requests it, for people
     * @throws ConflictException if another operation has the slot
     * @throws OperationNotStartedException if it could not be started
     */
    public OperationStatus submit(OperationKind kind, String slot, ObjectNode parameters, String by) {
        OperationRequest request = create(kind, slot, parameters, by);
        try {
            runner.start(request);
        } catch (RuntimeException e) {
            discard(request, e);
            throw e;
        }
        LogEvent.of("operation-submitted")
                .with("id", request.id())
                .with("kind", kind.label())
                .with("lock", slot)
                .with("by", by)
                .log(LOGGER, Level.INFO);
        return new OperationStatus(request, OperationState.PENDING, Optional.empty(), Optional.empty());
    }

    /**
     * Records the operation, for a caller that runs it itself.
     *
     * @throws ConflictException if another operation has the slot
     */
    public OperationRequest create(OperationKind kind, String slot, ObjectNode parameters, String by) {
        Instant now = clock.instant();
        OperationRequest request =
                new OperationRequest(OperationId.of(now, randomHex.get()), kind, slot, parameters, by, now);
        if (!store.create(request)) {
            throw new IllegalStateException(
                    "Failed to record operation %s: another one has this id. Retry".formatted(request.id()));
        }
        try {
            lock.acquire(request, "", OperationStore.key(request.id(), OperationStore.REQUEST), this::isStarted);
        } catch (RuntimeException e) {
            discard(request, e);
            throw e;
        }
        return request;
    }

    private boolean isStarted(OperationRequest other) {
        return runner.liveness(other).kind() != Liveness.Kind.DEAD;
    }

    private void discard(OperationRequest request, RuntimeException failure) {
        try {
            gc.delete(request.id());
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** The status of an operation; empty if there is none. */
    public Optional<OperationStatus> status(OperationId id) {
        return store.find(id).flatMap(statusResolver::resolve);
    }

    /** The status of at most this many operations, newest first. */
    public List<OperationStatus> listNewest(int limit) {
        return store.listNewest(limit).stream()
                .flatMap(listing -> statusResolver.resolve(listing).stream())
                .toList();
    }

    /**
     * Cancels the operation: at once if it has not started, within 15 s if it runs. Does nothing if it has finished.
     *
     * @return its status, which may still be running; empty if there is no such operation
     */
    public Optional<OperationStatus> cancel(OperationId id, String by) {
        store.find(id)
                .filter(listing -> !listing.isCancelled())
                .filter(listing -> store.readRun(id)
                        .filter(run -> run.state().isFinished())
                        .isEmpty())
                .ifPresent(listing -> store.markCancelled(id, by, clock.instant()));
        Optional<OperationStatus> status = status(id);
        status.filter(now -> now.state() == OperationState.CANCELLED)
                .filter(now -> now.run().isEmpty())
                .ifPresent(now -> runner.abandon(now.request()));
        return status;
    }

    /**
     * Deletes permanently all objects and reports of operations older than {@link #RETENTION}; returns how many
     * operations.
     */
    public int deleteExpired() {
        return gc.delete();
    }
}
