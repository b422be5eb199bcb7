package dev.registrybackup.app.metrics;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Checks whether the stores answer and whether the backup keeps versions. Checks when it is read, at most once a
 * minute. Never part of readiness: without its stores a process must still answer events.
 */
public class StoreHealth {
    private static final Logger LOGGER = System.getLogger("dev.registrybackup.stores");
    private static final Duration TTL = Duration.ofMinutes(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private final Optional<? extends ObjectStore> registry;
    private final ObjectStore backup;
    private final WorkerPools workerPools;
    private final Clock clock;
    /** Guarded by this. */
    private State last = new State("not checked yet", "not checked yet", false);
    /** Guarded by this. */
    private Instant polledAt = Instant.MIN;
    /** Guarded by this. */
    private CompletableFuture<State> polling = CompletableFuture.completedFuture(last);

    /**
     * The stores' state.
     *
     * @param registry the problem of the registry's store; empty if there is none, or if this role does not use it
     * @param backup the problem of the backup's store; empty if there is none
     * @param versioned whether the backup bucket keeps versions
     */
    record State(String registry, String backup, boolean versioned) {
        boolean isGood() {
            return registry.isEmpty() && backup.isEmpty();
        }
    }

    public StoreHealth(
            Optional<? extends ObjectStore> registry, ObjectStore backup, WorkerPools workerPools, Clock clock) {
        this.registry = registry;
        this.backup = backup;
        this.workerPools = workerPools;
        this.clock = clock;
    }

    /** The last known state; starts a new check if it is older than a minute. */
    synchronized State last() {
        poll();
        return last;
    }

    /** A state of at most a minute ago; the last known one if the stores do not answer soon. */
    synchronized CompletableFuture<State> current() {
        CompletableFuture<State> soon = poll().copy();
        workerPools.scheduleUnlessDone(
                soon, TIMEOUT, () -> soon.complete(new State("does not answer", "does not answer", false)));
        return soon;
    }

    private CompletableFuture<State> poll() {
        if (polling.isDone() && polledAt.plus(TTL).isBefore(clock.instant())) {
            polledAt = clock.instant();
            polling = workerPools.submitMetadata(this::readStores);
        }
        return polling;
    }

    private State readStores() {
        String backupProblem = problem(backup);
        boolean versioned = backupProblem.isEmpty() && isVersioned();
        State state = new State(registry.map(StoreHealth::problem).orElse(""), backupProblem, versioned);
        synchronized (this) {
            if (!state.equals(last)) {
                report(state);
            }
            last = state;
        }
        return state;
    }

    private static void report(State state) {
        reportProblem("registry", state.registry());
        reportProblem("backup", state.backup());
        if (state.backup().isEmpty() && !state.versioned()) {
            LogEvent.of("backup-not-versioned")
                    .with("reason", "the backup bucket keeps no versions, so that no older state can be restored")
                    .with("remedy", "enable versioning on it")
                    .log(LOGGER, Level.WARNING);
        }
        if (state.isGood()) {
            LogEvent.of("stores-reached").with("versioned", state.versioned()).log(LOGGER, Level.INFO);
        }
    }

    private static void reportProblem(String store, String problem) {
        if (!problem.isEmpty()) {
            LogEvent.of("store-unreachable")
                    .with("store", store)
                    .with("reason", problem)
                    .log(LOGGER, Level.ERROR);
        }
    }

    private static String problem(ObjectStore store) {
        try {
            store.requireBucket();
            return "";
        } catch (ObjectStoreException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private boolean isVersioned() {
        try {
            return backup.isVersioned();
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.FORBIDDEN) {
                LogEvent.of("versioning-unknown")
                        .with("reason", e.getMessage())
                        .with("remedy", "allow s3:GetBucketVersioning on the backup bucket: docs/rights.md")
                        .log(LOGGER, Level.WARNING);
            }
            return false;
        }
    }
}
