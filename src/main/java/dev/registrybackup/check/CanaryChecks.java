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

/** Whether the event of an object that is written into the registry bucket arrives, and how long that takes. */
final class CanaryChecks {
    /** The name of the point that says whether. */
    static final String NAME = "canary";

    /** So long it is waited for. */
    static final Duration ARRIVAL_TIMEOUT = Duration.ofSeconds(60);

    private static final Duration POLL_INTERVAL = Duration.ofMillis(200);
    private static final Duration OLD = Duration.ofHours(1);

    private final CheckedStore registry;
    private final CheckedStore backup;
    private final CanaryProbe canaryProbe;
    private final Clock clock;
    private final Consumer<Duration> pause;

    CanaryChecks(
            CheckedStore registry,
            CheckedStore backup,
            CanaryProbe canaryProbe,
            Clock clock,
            Consumer<Duration> pause) {
        this.registry = registry;
        this.backup = backup;
        this.canaryProbe = canaryProbe;
        this.clock = clock;
        this.pause = pause;
    }

    /** What is said where none is asked for. */
    static Check notTried() {
        return Check.warn(
                NAME,
                "not tried: whether events arrive is known once one has",
                "preflight --canary, or POST /preflight {\"canary\":true}");
    }

    List<Check> run(String name) {
        Optional<String> version;
        Instant begun = clock.instant();
        try {
            version = canaryProbe.put(name);
        } catch (ObjectStoreException e) {
            return List.of(notWritten(name, e));
        }
        List<Check> points = new ArrayList<>();
        points.add(CheckRunner.withStore(
                NAME, "look for " + CanaryProbe.BACKUP_PREFIX + name, "Ask again", () -> await(name, begun)));
        points.add(removed(name, version, begun));
        return points;
    }

    private Check notWritten(String name, ObjectStoreException e) {
        String tried = "PutObject of %s%s in %s".formatted(CanaryProbe.REGISTRY_PREFIX, name, registry.bucket());
        return e.error() == StoreError.FORBIDDEN
                ? Check.warn(
                        NAME,
                        tried + ": refused, as it should be for a key that only reads",
                        "By hand, with a key that may write: %s; then, within seconds: %s"
                                .formatted(
                                        registry.aws("put-object", "--key " + CanaryProbe.REGISTRY_PREFIX + name),
                                        backup.aws("head-object", "--key " + CanaryProbe.BACKUP_PREFIX + name)))
                : Check.fail(NAME, tried + ": " + e.getMessage(), "Look at the registry's store");
    }

    private Check await(String name, Instant begun) {
        while (true) {
            Duration waited = Duration.between(begun, clock.instant());
            if (canaryProbe.hasArrived(name)) {
                return Check.pass(NAME, "its event was handled within %d ms".formatted(waited.toMillis()));
            }
            if (waited.compareTo(ARRIVAL_TIMEOUT) >= 0) {
                return Check.fail(
                        NAME,
                        "%s%s was written, and its event did not reach replicate within %d s"
                                .formatted(CanaryProbe.REGISTRY_PREFIX, name, ARRIVAL_TIMEOUT.toSeconds()),
                        "Follow its way: the bucket's notification, the Broker and Trigger (kubectl get broker,trigger -n"
                                + " registry-backup), the log of replicate (event=canary)");
            }
            pause.accept(POLL_INTERVAL);
        }
    }

    private Check removed(String name, Optional<String> version, Instant begun) {
        String point = "canary's removal";
        String left = "%s%s in %s and %s%s in %s"
                .formatted(
                        CanaryProbe.REGISTRY_PREFIX,
                        name,
                        registry.bucket(),
                        CanaryProbe.BACKUP_PREFIX,
                        name,
                        backup.bucket());
        return CheckRunner.unlessRefused(
                point,
                "DeleteObject of " + left,
                "They do no harm",
                registry.aws("delete-object", "--key " + CanaryProbe.REGISTRY_PREFIX + name),
                () -> {
                    canaryProbe.deleteRecords(name, begun.minus(OLD));
                    canaryProbe.delete(name, version);
                    canaryProbe.deleteOlderThan(begun.minus(OLD));
                    return Check.pass(point, "all of it was removed again");
                });
    }
}
