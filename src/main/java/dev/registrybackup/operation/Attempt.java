package dev.registrybackup.operation;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RewrittenRecord;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.AttemptRecord.Ending;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One process's attempt at an operation, and the one writer of its record. Safe for use by many threads.
 *
 * <p>As a permit it answers from memory what the bucket said less than 20 seconds ago, and asks otherwise; a newer attempt
 * comes into being only after two minutes without a sign of life. So a process that stood still and goes on asks before the
 * first thing it writes. What it had handed to the network before it stood still, or was about to, nobody can call back: at
 * most one request for each of its threads, and those carry proved bytes.
 */
public final class Attempt implements Fence {
    /** For so long the bucket's last answer holds. */
    static final Duration HOLDS = Duration.ofSeconds(20);

    private static final int MOST_LOOKS = 2;

    private final OperationId id;
    private final OperationStore folder;
    private final RewrittenRecord record;
    private final Clock clock;
    /** Guarded by this: what the record says. */
    private AttemptRecord said;
    /** Guarded by this. */
    private boolean over;
    /** Written under this object's lock, read without: when the look began that last found nothing against going on. */
    private volatile @Nullable Instant lookedAt;
    /** Written under this object's lock, read without. */
    private volatile @Nullable Stop stop;

    /** Why it may not go on. */
    record Stop(OperationState became, String why) {}

    Attempt(OperationId id, OperationStore folder, RewrittenRecord record, AttemptRecord first, Clock clock) {
        this.id = id;
        this.folder = folder;
        this.record = record;
        this.said = first;
        this.clock = clock;
    }

    /**
     * {@inheritDoc}
     *
     * @throws ObjectStoreException if the bucket has to be asked and cannot be: then nothing may be written either
     */
    @Override
    public void require() {
        throwIfStopped();
        if (!holds()) {
            lookUnlessItHolds();
        }
    }

    /**
     * Shows life: puts on record how far it is.
     *
     * @throws FencedException if it may not go on; nothing is written then
     * @throws ObjectStoreException if the bucket could not be asked or written to
     */
    public synchronized void beat(ProgressTracker.Reading far) {
        throwIfStopped();
        look();
        throwIfStopped();
        said = said.alive(clock.instant(), far);
        record.write(said.json().toString());
    }

    /**
     * Puts its end on record, after which it permits nothing more.
     *
     * @return false if another attempt carries on the operation: nothing is written then
     * @throws ObjectStoreException if the bucket could not be asked or written to
     */
    public synchronized boolean finish(ProgressTracker.Reading far, Ending ending) {
        Stop told = stop;
        boolean settled = over || (told != null && told.became() == OperationState.LOST);
        over = true;
        stop = new Stop(ending.state(), "Attempt %d at operation %s has ended".formatted(said.number(), id));
        if (settled || superseded(folder.contents(id)).isPresent()) {
            return false;
        }
        said = said.ended(clock.instant(), far, ending);
        record.write(said.json().toString());
        return true;
    }

    /** Why it may not go on, if it was told so. */
    Optional<Stop> stopped() {
        return Optional.ofNullable(stop);
    }

    private void throwIfStopped() {
        Stop told = stop;
        if (told != null) {
            throw new FencedException(told.became(), told.why());
        }
    }

    /** A clock that was set back holds nothing. */
    private boolean holds() {
        Instant last = lookedAt;
        if (last == null) {
            return false;
        }
        Duration ago = Duration.between(last, clock.instant());
        return !ago.isNegative() && ago.compareTo(HOLDS) < 0;
    }

    /** A look during which the process stood still tells no more than none: then there is a second one. */
    private synchronized void lookUnlessItHolds() {
        for (int looks = 0; looks < MOST_LOOKS && !holds(); looks++) {
            look();
            throwIfStopped();
        }
        if (!holds()) {
            throw new ObjectStoreException(
                    StoreError.UNAVAILABLE,
                    "Failed to tell whether operation %s may go on: %s took more than %d s to answer"
                            .formatted(id, folder.bucket(), HOLDS.toSeconds()));
        }
    }

    private synchronized void look() {
        Instant begun = clock.instant();
        Optional<OperationListing> contents = folder.contents(id);
        superseded(contents)
                .or(() -> contents.filter(OperationListing::isCancelled)
                        .map(found -> new Stop(OperationState.CANCELLED, folder.cancellation(id))))
                .ifPresentOrElse(told -> stop = told, () -> lookedAt = begun);
    }

    private synchronized Optional<Stop> superseded(Optional<OperationListing> contents) {
        if (contents.isEmpty()) {
            return lost("Operation %s is gone from %s: it was dropped".formatted(id, folder.bucket()));
        }
        int newest = contents.get().newestAttempt();
        if (newest > said.number()) {
            return lost("Operation %s is carried on by attempt %d".formatted(id, newest));
        }
        boolean mine = folder.attempt(id, said.number())
                .filter(there -> there.token().equals(said.token()))
                .isPresent();
        return mine
                ? Optional.empty()
                : lost("Attempt %d at operation %s is another process's".formatted(said.number(), id));
    }

    private static Optional<Stop> lost(String why) {
        return Optional.of(new Stop(OperationState.LOST, why));
    }
}
