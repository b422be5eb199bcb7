package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RewrittenRecord;
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
    public static final Duration KEPT = Duration.ofDays(90);

    private final OperationStore folder;
    private final OperationGc old;
    private final StatusResolver statusResolver;
    private final Clock clock;
    private final Supplier<String> random;

    /**
     * The operations of that bucket.
     *
     * @param random gives eight hexadecimal digits in lower case, others with each call
     */
    public Operations(ObjectStore backup, Clock clock, Supplier<String> random) {
        this.folder = new OperationStore(backup);
        this.old = new OperationGc(backup, clock);
        this.statusResolver = new StatusResolver(folder, clock);
        this.clock = clock;
        this.random = random;
    }

    /** Puts on record what is asked for. It is pending until somebody {@linkplain #begin begins}. */
    public OperationRequest create(OperationKind kind, String slot, ObjectNode parameters, String askedBy) {
        Instant now = clock.instant();
        OperationRequest request =
                new OperationRequest(OperationId.of(now, random.get()), kind, slot, parameters, askedBy, now);
        if (!folder.create(request)) {
            throw new IllegalStateException("Failed to record operation %s: there is another one of that id. Ask again"
                    .formatted(request.id()));
        }
        return request;
    }

    /** Forgets an operation that nobody has begun nor was told of. */
    public void withdraw(OperationRequest request) {
        old.drop(request.id());
    }

    /** What was asked for under that id; empty if nothing was, or if it is dropped. */
    public Optional<OperationRequest> request(OperationId id) {
        return folder.request(id);
    }

    OperationRequest require(OperationId id) {
        return request(id).orElseThrow(() -> noSuch(id));
    }

    /** How that operation stands; empty if there is none. The runner is asked where its records have long been silent. */
    public Optional<OperationStatus> status(OperationId id, OperationRunner operationRunner) {
        return folder.contents(id).flatMap(contents -> statusResolver.of(contents, operationRunner));
    }

    /** How the newest operations stand, so many at the most, the newest first. */
    public List<OperationStatus> newest(int most, OperationRunner operationRunner) {
        return folder.newest(most).stream()
                .flatMap(contents -> statusResolver.of(contents, operationRunner).stream())
                .toList();
    }

    /**
     * Asks the operation to end. One that nobody has begun is cancelled at once; one at work within half a minute; of one
     * that is over, or that there is not, nothing changes.
     */
    public void cancel(OperationId id, String by) {
        folder.contents(id)
                .filter(contents -> !contents.isCancelled())
                .filter(contents -> newestAttempt(contents)
                        .filter(attempt -> attempt.state().isOver())
                        .isEmpty())
                .ifPresent(contents -> folder.cancel(id, by, clock.instant()));
    }

    /**
     * Removes, for good, all objects of operations asked for more than 90 days ago, and their reports; says how many
     * operations those were.
     */
    public int dropOld() {
        return old.drop();
    }

    /**
     * Returns the operation's request if a new attempt at it makes sense: nobody works on it, and there is something left
     * to do.
     *
     * @throws NotResumableException otherwise
     * @throws NoSuchOperationException if there is no such operation
     */
    public OperationRequest requireResumable(OperationId id, OperationRunner operationRunner) {
        OperationListing contents = folder.contents(id).orElseThrow(() -> noSuch(id));
        OperationStatus status = statusResolver.of(contents, operationRunner).orElseThrow(() -> noSuch(id));
        if (!status.state().isResumable()) {
            String instead = status.state().isOver() ? "Ask for a new one" : "Wait for its end, or cancel it";
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
    public Attempt begin(OperationRequest request, String runner) {
        OperationId id = request.id();
        OperationListing contents = folder.contents(id).orElseThrow(() -> noSuch(id));
        if (contents.isCancelled()) {
            throw new FencedException(OperationState.CANCELLED, folder.cancellation(id));
        }
        newestAttempt(contents)
                .map(AttemptRecord::state)
                .filter(state -> state.isOver() && !state.isResumable())
                .ifPresent(state -> {
                    throw new FencedException(state, "Operation %s is %s already".formatted(id, state.label()));
                });
        AttemptRecord first = AttemptRecord.begun(contents.newestAttempt() + 1, runner, random.get(), clock.instant());
        RewrittenRecord record = folder.begin(id, first)
                .orElseThrow(() -> new FencedException(
                        "Attempt %d at operation %s was begun by another process".formatted(first.number(), id)));
        return new Attempt(id, folder, record, first, clock);
    }

    private Optional<AttemptRecord> newestAttempt(OperationListing contents) {
        return contents.newestAttempt() == 0
                ? Optional.empty()
                : folder.attempt(contents.id(), contents.newestAttempt());
    }

    private NoSuchOperationException noSuch(OperationId id) {
        return new NoSuchOperationException(id, folder.bucket());
    }
}
