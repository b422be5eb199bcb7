package dev.registrybackup.check;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.replication.CanaryProbe;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Checks whether the event of an object that is written to the registry bucket arrives, and how long that takes. */
record CanaryChecks(
        CheckedStore registry, CheckedStore backup, CanaryProbe canaryProbe, Clock clock, Consumer<Duration> sleep) {
    static final String NAME = "canary";

    static final Duration ARRIVAL_TIMEOUT = Duration.ofSeconds(60);

    private static final Duration POLL_INTERVAL = Duration.ofMillis(200);
    private static final Duration MAX_AGE = Duration.ofHours(1);

    /** The check if no canary was requested. */
    static Check notTried() {
        return Check.warn(
                NAME,
                "not tried: it is unknown whether events arrive",
                "preflight --canary, or POST /preflight {\"canary\":true}");
    }

    List<Check> run(String name) {
        Optional<String> version;
        Instant startedAt = clock.instant();
        try {
            version = canaryProbe.put(name);
        } catch (ObjectStoreException e) {
            return List.of(notWritten(name, e));
        }
        List<Check> checks = new ArrayList<>();
        checks.add(Check.withStore(
                NAME, "HeadObject of " + CanaryProbe.BACKUP_PREFIX + name, "Try again", () -> await(name, startedAt)));
        checks.add(delete(name, version, startedAt));
        return checks;
    }

    private Check notWritten(String name, ObjectStoreException e) {
        String tried = "PutObject of %s%s in %s".formatted(CanaryProbe.REGISTRY_PREFIX, name, registry.bucket());
        return e.error() == StoreError.FORBIDDEN
                ? Check.warn(
                        NAME,
                        tried + ": refused, as it should be for a key that only reads",
                        "Try by hand, with a key that may write: %s; then, within seconds: %s"
                                .formatted(
                                        registry.aws("put-object", "--key " + CanaryProbe.REGISTRY_PREFIX + name),
                                        backup.aws("head-object", "--key " + CanaryProbe.BACKUP_PREFIX + name)))
                : Check.fail(NAME, tried + ": " + e.getMessage(), "Check the registry's store");
    }

    private Check await(String name, Instant startedAt) {
        while (true) {
            Duration waited = Duration.between(startedAt, clock.instant());
            if (canaryProbe.hasArrived(name)) {
                return Check.pass(NAME, "its event was handled within %d ms".formatted(waited.toMillis()));
            }
            if (waited.compareTo(ARRIVAL_TIMEOUT) >= 0) {
                return Check.fail(
                        NAME,
                        "%s%s was written, and its event did not reach replicate within %d s"
                                .formatted(CanaryProbe.REGISTRY_PREFIX, name, ARRIVAL_TIMEOUT.toSeconds()),
                        "Follow its path: the bucket's notification, the Broker and Trigger (kubectl get"
                                + " broker,trigger -n registry-backup), the log of replicate (event=canary-received)");
            }
            sleep.accept(POLL_INTERVAL);
        }
    }

    private Check delete(String name, Optional<String> version, Instant startedAt) {
        String check = "canary removal";
        String tried = "DeleteObject of %s%s in %s and %s%s in %s"
                .formatted(
                        CanaryProbe.REGISTRY_PREFIX,
                        name,
                        registry.bucket(),
                        CanaryProbe.BACKUP_PREFIX,
                        name,
                        backup.bucket());
        String remedy = registry.aws("delete-object", "--key " + CanaryProbe.REGISTRY_PREFIX + name);
        return Check.withStore(
                () -> {
                    canaryProbe.deleteRecords(name, startedAt.minus(MAX_AGE));
                    canaryProbe.delete(name, version);
                    canaryProbe.deleteOlderThan(startedAt.minus(MAX_AGE));
                    return Check.pass(check, "the canary and its record were deleted");
                },
                e -> e.error() == StoreError.FORBIDDEN
                        ? Check.warn(check, tried + ": refused. They do no harm", remedy)
                        : Check.fail(check, tried + ": " + e.getMessage(), remedy));
    }
}
