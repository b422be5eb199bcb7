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
 * The operations of a backup bucket: what was requested, and what became of it. All of it is in the bucket, so that any
 * process can show or cancel it and none has to live on. Safe for use by many threads; blocks; each method throws {@link
 * ObjectStoreException} if the bucket did not answer.
 */
public final class OperationService {
    /** An operation stays on record for so long after it was requested. */
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
     * Records operations in that bucket, and has them run by that runner.
     *
     * @param randomHex gives eight hexadecimal digits in lower case, others with each call
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
     * Records the operation and has it started. If it cannot be started it is forgotten.
     *
     * @param slot what no two operations of the kind may use at once, such as the store that is written to
     * @param by who asks, for a human
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
            throw new IllegalStateException("Failed to record operation %s: there is another one of that id. Ask again"
                    .formatted(request.id()));
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

    /** The status of that operation; empty if there is none. */
    public Optional<OperationStatus> status(OperationId id) {
        return store.find(id).flatMap(statusResolver::resolve);
    }

    /** The status of the newest operations, at most so many, the newest first. */
    public List<OperationStatus> listNewest(int limit) {
        return store.listNewest(limit).stream()
                .flatMap(listing -> statusResolver.resolve(listing).stream())
                .toList();
    }

    /**
     * Cancels the operation: one that nobody has begun at once, one that runs within 15 s. Nothing changes for one that has
     * ended.
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
     * Removes, for good, all objects of operations that are older than {@link #RETENTION}, and their reports; says how many
     * operations those were.
     */
    public int deleteExpired() {
        return gc.delete();
    }
}
