package dev.registrybackup.check;

import dev.registrybackup.check.Check.State;
import dev.registrybackup.reconcile.rclone.RcloneUnusableException;
import dev.registrybackup.replication.CanaryProbe;
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
    private final Components components;

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
    public record Components(
            CheckedStore registry,
            CheckedStore backup,
            boolean isCommand,
            Supplier<String> rclone,
            Optional<ClusterChecks> cluster,
            Clock clock,
            Supplier<String> random,
            Consumer<Duration> pause) {}

    /** With these. */
    public Preflight(Components components) {
        this.components = components;
    }

    /**
     * Looks at everything; never throws for what it finds.
     *
     * @param canary whether to write an object into the registry bucket, and wait for its event
     */
    public CheckReport run(boolean canary) {
        List<Check> points = new ArrayList<>(registry(canary));
        points.addAll(backup());
        points.add(rclone());
        components.cluster().ifPresent(cluster -> points.addAll(cluster.run()));
        return new CheckReport(points);
    }

    private List<Check> registry(boolean canary) {
        CheckedStore checkedStore = components.registry();
        List<Check> points = new ArrayList<>(
                new BucketChecks(checkedStore, checkedStore.layout().prefix()).run(random()));
        if (checkedStore.isDirectory() || points.get(0).state() != State.PASS) {
            return points;
        }
        Instant now = components.clock().instant();
        var facts = checkedStore.store().bucketConfiguration();
        points.addAll(new BucketSetupChecks(checkedStore, facts).ofRegistry(now));
        List<Check> notification = new NotificationChecks(checkedStore).run(facts);
        List<Check> arrival = canary ? canary() : List.of(CanaryChecks.notTried());
        boolean hasArrived = arrival.get(0).state() == State.PASS;
        notification.forEach(check -> points.add(hasArrived ? known(check) : check));
        points.addAll(arrival);
        return points;
    }

    /** What a store does not tell of its notifications is no matter once one has come. */
    private static Check known(Check check) {
        return check.state() == State.UNKNOWN
                ? Check.warn(check.name(), check.found() + "; but the canary's event came")
                : check;
    }

    /**
     * Writes an object into the registry bucket and waits for its event, at most a minute. The first check says whether it
     * arrived: {@link State#PASS} or {@link State#FAIL}, or another state if that could not be tried.
     */
    public List<Check> canary() {
        if (components.registry().isDirectory()) {
            return List.of(Check.warn(CanaryChecks.NAME, "not tried: no events come from a directory"));
        }
        CanaryProbe canaryProbe = new CanaryProbe(
                components.registry().store(), components.backup().store(), components.clock());
        return new CanaryChecks(
                        components.registry(), components.backup(), canaryProbe, components.clock(), components.pause())
                .run(random());
    }

    private List<Check> backup() {
        CheckedStore checkedStore = components.backup();
        List<Check> points = new ArrayList<>(new BucketChecks(checkedStore, "registry-backup/").run(random()));
        if (points.get(0).state() == State.PASS) {
            points.addAll(new WriteChecks(checkedStore, components.isCommand(), components.clock()).run(random()));
            Instant now = components.clock().instant();
            points.addAll(
                    new BucketSetupChecks(checkedStore, checkedStore.store().bucketConfiguration()).ofBackup(now));
        }
        return points;
    }

    private Check rclone() {
        try {
            return Check.pass("rclone", "it is " + components.rclone().get());
        } catch (RcloneUnusableException e) {
            return Check.fail("rclone", String.valueOf(e.getMessage()), "See there");
        }
    }

    private String random() {
        return components.random().get();
    }
}
