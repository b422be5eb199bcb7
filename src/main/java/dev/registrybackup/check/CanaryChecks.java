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
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration LOOK = Duration.ofMillis(200);
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
        return Check.note(
                NAME,
                "not tried: whether events arrive is known once one has",
                "preflight --canary, or POST /preflight {\"canary\":true}");
    }

    List<Check> points(String name) {
        Optional<String> version;
        Instant begun = clock.instant();
        try {
            version = canaryProbe.release(name);
        } catch (ObjectStoreException e) {
            return List.of(notWritten(name, e));
        }
        List<Check> points = new ArrayList<>();
        points.add(CheckRunner.at(
                NAME, "look for " + CanaryProbe.IN_BACKUP + name, "Ask again", () -> awaited(name, begun)));
        points.add(removed(name, version, begun));
        return points;
    }

    private Check notWritten(String name, ObjectStoreException e) {
        String tried = "PutObject of %s%s in %s".formatted(CanaryProbe.IN_REGISTRY, name, registry.bucket());
        return e.error() == StoreError.FORBIDDEN
                ? Check.note(
                        NAME,
                        tried + ": refused, as it should be for a key that only reads",
                        "By hand, with a key that may write: %s; then, within seconds: %s"
                                .formatted(
                                        registry.aws("put-object", "--key " + CanaryProbe.IN_REGISTRY + name),
                                        backup.aws("head-object", "--key " + CanaryProbe.IN_BACKUP + name)))
                : Check.missing(NAME, tried + ": " + e.getMessage(), "Look at the registry's store");
    }

    private Check awaited(String name, Instant begun) {
        while (true) {
            Duration waited = Duration.between(begun, clock.instant());
            if (canaryProbe.hasArrived(name)) {
                return Check.ok(NAME, "its event was handled within %d ms".formatted(waited.toMillis()));
            }
            if (waited.compareTo(PATIENCE) >= 0) {
                return Check.missing(
                        NAME,
                        "%s%s was written, and its event did not reach replicate within %d s"
                                .formatted(CanaryProbe.IN_REGISTRY, name, PATIENCE.toSeconds()),
                        "Follow its way: the bucket's notification, the Broker and Trigger (kubectl get broker,trigger -n"
                                + " registry-backup), the log of replicate (event=canary)");
            }
            pause.accept(LOOK);
        }
    }

    private Check removed(String name, Optional<String> version, Instant begun) {
        String point = "canary's removal";
        String left = "%s%s in %s and %s%s in %s"
                .formatted(
                        CanaryProbe.IN_REGISTRY, name, registry.bucket(), CanaryProbe.IN_BACKUP, name, backup.bucket());
        return CheckRunner.unlessRefused(
                point,
                "DeleteObject of " + left,
                "They do no harm",
                registry.aws("delete-object", "--key " + CanaryProbe.IN_REGISTRY + name),
                () -> {
                    canaryProbe.forget(name, begun.minus(OLD));
                    canaryProbe.catchAgain(name, version);
                    canaryProbe.catchOld(begun.minus(OLD));
                    return Check.ok(point, "all of it was removed again");
                });
    }
}
