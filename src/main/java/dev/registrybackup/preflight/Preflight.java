package dev.registrybackup.preflight;

import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.point.Point;
import dev.registrybackup.point.Point.State;
import dev.registrybackup.point.Points;
import dev.registrybackup.rclone.RcloneUnusableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Looks whether all is there that the backup needs. Safe for use by many threads; blocks, with a canary up to a minute. */
public final class Preflight {
    private final Parts parts;

    /**
     * What it looks at, and with what.
     *
     * @param registry the registry's side
     * @param backup the backup's side
     * @param isCommand whether a human's keys are tried, or else those of a Service
     * @param rclone tells the program's version, or throws {@link RcloneUnusableException}
     * @param cluster that which this process is on, if it is on one
     * @param clock the time
     * @param random lower-case hexadecimal digits, 8 at least, new at each call
     * @param pause returns after so long
     */
    public record Parts(
            Side registry,
            Side backup,
            boolean isCommand,
            Supplier<String> rclone,
            Optional<ClusterPoints> cluster,
            Clock clock,
            Supplier<String> random,
            Consumer<Duration> pause) {}

    /** With these. */
    public Preflight(Parts parts) {
        this.parts = parts;
    }

    /**
     * Looks at everything; never throws for what it finds.
     *
     * @param canary whether to write an object into the registry bucket, and wait for its event
     */
    public Points run(boolean canary) {
        List<Point> points = new ArrayList<>(registry(canary));
        points.addAll(backup());
        points.add(rclone());
        parts.cluster().ifPresent(cluster -> points.addAll(cluster.points()));
        return new Points(points);
    }

    private List<Point> registry(boolean canary) {
        Side side = parts.registry();
        List<Point> points =
                new ArrayList<>(new BucketPoints(side, side.layout().prefix()).points(random()));
        if (side.isDirectory() || points.get(0).state() != State.OK) {
            return points;
        }
        Instant now = parts.clock().instant();
        var facts = side.store().facts();
        points.addAll(new SetupPoints(side, facts).ofRegistry(now));
        List<Point> notification = new NotificationPoints(side).points(facts);
        List<Point> arrival = canary ? canary() : List.of(CanaryPoints.notTried());
        boolean hasArrived = arrival.get(0).state() == State.OK;
        notification.forEach(point -> points.add(hasArrived ? known(point) : point));
        points.addAll(arrival);
        return points;
    }

    /** What a store does not tell of its notifications is no matter once one has come. */
    private static Point known(Point point) {
        return point.state() == State.COULD_NOT_TELL
                ? Point.note(point.name(), point.found() + "; but the canary's event came")
                : point;
    }

    private List<Point> canary() {
        Canaries canaries =
                new Canaries(parts.registry().store(), parts.backup().store(), parts.clock());
        return new CanaryPoints(parts.registry(), parts.backup(), canaries, parts.clock(), parts.pause())
                .points(random());
    }

    private List<Point> backup() {
        Side side = parts.backup();
        List<Point> points = new ArrayList<>(new BucketPoints(side, "registry-backup/").points(random()));
        if (points.get(0).state() == State.OK) {
            points.addAll(new WritePoints(side, parts.isCommand(), parts.clock()).points(random()));
            Instant now = parts.clock().instant();
            points.addAll(new SetupPoints(side, side.store().facts()).ofBackup(now));
        }
        return points;
    }

    private Point rclone() {
        try {
            return Point.ok("rclone", "it is " + parts.rclone().get());
        } catch (RcloneUnusableException e) {
            return Point.missing("rclone", String.valueOf(e.getMessage()), "See there");
        }
    }

    private String random() {
        return parts.random().get();
    }
}
