package dev.registrybackup.preflight;

import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.point.Point;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Whether the event of an object that is written into the registry bucket arrives, and how long that takes. */
final class CanaryPoints {
    /** The name of the point that says whether. */
    static final String NAME = "canary";

    /** So long it is waited for. */
    static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Duration LOOK = Duration.ofMillis(200);
    private static final Duration OLD = Duration.ofHours(1);

    private final Side registry;
    private final Side backup;
    private final Canaries canaries;
    private final Clock clock;
    private final Consumer<Duration> pause;

    CanaryPoints(Side registry, Side backup, Canaries canaries, Clock clock, Consumer<Duration> pause) {
        this.registry = registry;
        this.backup = backup;
        this.canaries = canaries;
        this.clock = clock;
        this.pause = pause;
    }

    /** What is said where none is asked for. */
    static Point notTried() {
        return Point.note(
                NAME,
                "not tried: whether events arrive is known once one has",
                "preflight --canary, or POST /preflight {\"canary\":true}");
    }

    List<Point> points(String name) {
        Optional<String> version;
        Instant begun = clock.instant();
        try {
            version = canaries.release(name);
        } catch (ObjectStoreException e) {
            return List.of(notWritten(name, e));
        }
        List<Point> points = new ArrayList<>();
        points.add(Looking.at(NAME, "look for " + Canaries.IN_BACKUP + name, "Ask again", () -> awaited(name, begun)));
        points.add(removed(name, version, begun));
        return points;
    }

    private Point notWritten(String name, ObjectStoreException e) {
        String tried = "PutObject of %s%s in %s".formatted(Canaries.IN_REGISTRY, name, registry.bucket());
        return e.error() == StoreError.FORBIDDEN
                ? Point.note(
                        NAME,
                        tried + ": refused, as it should be for a key that only reads",
                        "By hand, with a key that may write: %s; then, within seconds: %s"
                                .formatted(
                                        registry.aws("put-object", "--key " + Canaries.IN_REGISTRY + name),
                                        backup.aws("head-object", "--key " + Canaries.IN_BACKUP + name)))
                : Point.missing(NAME, tried + ": " + e.getMessage(), "Look at the registry's store");
    }

    private Point awaited(String name, Instant begun) {
        while (true) {
            Duration waited = Duration.between(begun, clock.instant());
            if (canaries.hasArrived(name)) {
                return Point.ok(NAME, "its event was handled within %d ms".formatted(waited.toMillis()));
            }
            if (waited.compareTo(PATIENCE) >= 0) {
                return Point.missing(
                        NAME,
                        "%s%s was written, and its event did not reach replicate within %d s"
                                .formatted(Canaries.IN_REGISTRY, name, PATIENCE.toSeconds()),
                        "Follow its way: the bucket's notification, the Broker and Trigger (kubectl get broker,trigger -n"
                                + " registry-backup), the log of replicate (event=canary)");
            }
            pause.accept(LOOK);
        }
    }

    private Point removed(String name, Optional<String> version, Instant begun) {
        String point = "canary's removal";
        String left = "%s%s in %s and %s%s in %s"
                .formatted(Canaries.IN_REGISTRY, name, registry.bucket(), Canaries.IN_BACKUP, name, backup.bucket());
        return Looking.unlessRefused(
                point,
                "DeleteObject of " + left,
                "They do no harm",
                registry.aws("delete-object", "--key " + Canaries.IN_REGISTRY + name),
                () -> {
                    canaries.forget(name, begun.minus(OLD));
                    canaries.catchAgain(name, version);
                    canaries.catchOld(begun.minus(OLD));
                    return Point.ok(point, "all of it was removed again");
                });
    }
}
