package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.SingleVersionRecord;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The operations of a backup bucket: what was asked for, and what became of it. All of it lies in the bucket, so that any
 * process can tell and none has to live on. Safe for use by many threads; blocks; each method throws {@link
 * ObjectStoreException} if the bucket could not be asked.
 */
public final class Operations {
    /** An operation is told of for so long after it was asked for. */
    public static final Duration RETENTION = Duration.ofDays(90);

    private final OperationStore store;
    private final OperationLock operationLock;
    private final OperationGc operationGc;
    private final StatusResolver statusResolver;
    private final Clock clock;
    private final Supplier<String> randomHex;

    /**
     * The operations of that bucket.
     *
     * @param random gives eight hexadecimal digits in lower case, others with each call
     */
    public Operations(ObjectStore backup, Clock clock, Supplier<String> random) {
        this.store = new OperationStore(backup);
        this.operationLock = new OperationLock(backup, store);
        this.operationGc = new OperationGc(backup, clock);
        this.statusResolver = new StatusResolver(store, clock);
        this.clock = clock;
        this.randomHex = random;
    }

    /**
     * Puts on record what is asked for. It is pending until somebody {@linkplain #startAttempt begins}.
     *
     * @throws ConflictException if it is to reconcile and another operation does so, wherever it runs
     */
    public OperationRequest create(OperationKind kind, String slot, ObjectNode parameters, String askedBy) {
        Instant now = clock.instant();
        OperationRequest request =
                new OperationRequest(OperationId.of(now, randomHex.get()), kind, slot, parameters, askedBy, now);
        if (!store.create(request)) {
            throw new IllegalStateException("Failed to record operation %s: there is another one of that id. Ask again"
                    .formatted(request.id()));
        }
        try {
            operationLock.requireFree(request, OperationStore.key(request.id(), OperationStore.REQUEST));
        } catch (RuntimeException e) {
            discard(request, e);
            throw e;
        }
        return request;
    }

    private void discard(OperationRequest request, RuntimeException failure) {
        try {
            discard(request);
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Forgets an operation that nobody has begun nor was told of. */
    public void discard(OperationRequest request) {
        operationGc.delete(request.id());
    }

    /** What was asked for under that id; empty if nothing was, or if it is dropped. */
    public Optional<OperationRequest> findRequest(OperationId id) {
        return store.readRequest(id);
    }

    OperationRequest requireRequest(OperationId id) {
        return findRequest(id).orElseThrow(() -> notFound(id));
    }

    /** How that operation stands; empty if there is none. The runner is asked where its records have long been silent. */
    public Optional<OperationStatus> status(OperationId id, OperationRunner operationRunner) {
        return store.find(id).flatMap(contents -> statusResolver.resolve(contents, operationRunner));
    }

    /** How the newest operations stand, so many at the most, the newest first. */
    public List<OperationStatus> listNewest(int most, OperationRunner operationRunner) {
        return store.listNewest(most).stream()
                .flatMap(contents -> statusResolver.resolve(contents, operationRunner).stream())
                .toList();
    }

    /**
     * Asks the operation to end. One that nobody has begun is cancelled at once; one at work within half a minute; of one
     * that is over, or that there is not, nothing changes.
     */
    public void cancel(OperationId id, String by) {
        store.find(id)
                .filter(contents -> !contents.isCancelled())
                .filter(contents -> newestAttempt(contents)
                        .filter(attempt -> attempt.state().isFinished())
                        .isEmpty())
                .ifPresent(contents -> store.markCancelled(id, by, clock.instant()));
    }

    /**
     * Removes, for good, all objects of operations asked for more than 90 days ago, and their reports; says how many
     * operations those were.
     */
    public int deleteExpired() {
        return operationGc.delete();
    }

    /**
     * Returns the operation's request if a new attempt at it makes sense: nobody works on it, and there is something left
     * to do.
     *
     * @throws NotResumableException otherwise
     * @throws NoSuchOperationException if there is no such operation
     */
    public OperationRequest requireResumable(OperationId id, OperationRunner operationRunner) {
        OperationListing contents = store.find(id).orElseThrow(() -> notFound(id));
        OperationStatus status =
                statusResolver.resolve(contents, operationRunner).orElseThrow(() -> notFound(id));
        if (!status.state().isResumable()) {
            String instead = status.state().isFinished() ? "Ask for a new one" : "Wait for its end, or cancel it";
            throw new NotResumableException(id, status.state(), instead);
        }
        if (contents.isCancelled()) {
            throw new NotResumableException(id, OperationState.CANCELLED, "Ask for a new one");
        }
        return status.request();
    }

    /**
     * Begins a new attempt at the operation, which any older attempt will make way for.
     *
     * @param runner where it runs, for a human
     * @throws FencedException if the operation is cancelled, over for good or dropped, or if another process
     *     has just begun one: taking the next number instead would stop that one
     */
    public Attempt startAttempt(OperationRequest request, String runner) {
        OperationId id = request.id();
        OperationListing contents = store.find(id).orElseThrow(() -> notFound(id));
        if (contents.isCancelled()) {
            throw new FencedException(OperationState.CANCELLED, store.cancellationReason(id));
        }
        newestAttempt(contents)
                .map(AttemptRecord::state)
                .filter(state -> state.isFinished() && !state.isResumable())
                .ifPresent(state -> {
                    throw new FencedException(state, "Operation %s is %s already".formatted(id, state.label()));
                });
        AttemptRecord first =
                AttemptRecord.started(contents.newestAttempt() + 1, runner, randomHex.get(), clock.instant());
        SingleVersionRecord record = store.createAttempt(id, first)
                .orElseThrow(() -> new FencedException(
                        "Attempt %d at operation %s was begun by another process".formatted(first.number(), id)));
        return new Attempt(request, store, operationLock, record, first, clock);
    }

    private Optional<AttemptRecord> newestAttempt(OperationListing contents) {
        return contents.newestAttempt() == 0
                ? Optional.empty()
                : store.readAttempt(contents.id(), contents.newestAttempt());
    }

    private NoSuchOperationException notFound(OperationId id) {
        return new NoSuchOperationException(id, store.bucket());
    }
}
