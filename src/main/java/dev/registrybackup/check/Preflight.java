package dev.registrybackup.check;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check.State;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.reconcile.rclone.RcloneUnusableException;
import dev.registrybackup.replication.CanaryProbe;
import dev.registrybackup.replication.LastCanary;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Checks the prerequisites of the backup. Safe for use by many threads; blocks, with a canary for up to a minute.
 *
 * @param isCommand whether the keys are a person's, or else a Service's
 * @param rclone returns the version of rclone, or throws {@link RcloneUnusableException}
 * @param cluster the checks of the cluster, if this process needs one
 * @param random returns lower-case hexadecimal digits, at least 8, new ones at each call
 * @param sleep returns after this time
 */
public record Preflight(
        CheckedStore registry,
        CheckedStore backup,
        boolean isCommand,
        Supplier<String> rclone,
        Optional<ClusterChecks> cluster,
        Clock clock,
        Supplier<String> random,
        Consumer<Duration> sleep) {
    private static final System.Logger LOGGER = System.getLogger(Preflight.class.getName());

    /**
     * Runs all checks. A failed check is in the report and never an exception.
     *
     * @param canary whether to write an object to the registry bucket and wait for its event
     */
    public CheckReport run(boolean canary) {
        List<Check> checks = new ArrayList<>(checkRegistry(canary));
        checks.addAll(checkBackup());
        checks.add(checkRclone());
        cluster.ifPresent(ofCluster -> checks.addAll(ofCluster.run()));
        return new CheckReport(checks);
    }

    private List<Check> checkRegistry(boolean canary) {
        StoreChecks store = new StoreChecks(registry, random.get());
        List<Check> checks = new ArrayList<>(store.access(registry.layout().prefix()));
        if (registry.isDirectory() || checks.get(0).state() != State.PASS) {
            return checks;
        }
        BucketConfiguration configuration = registry.store().bucketConfiguration();
        checks.addAll(store.registryConfiguration(configuration, clock.instant()));
        List<Check> notification = new NotificationChecks(registry).run(configuration);
        List<Check> arrival = canary ? canary() : List.of(CanaryChecks.notTried());
        boolean hasArrived = arrival.get(0).state() == State.PASS;
        notification.forEach(check -> checks.add(hasArrived ? withoutUnknown(check) : check));
        checks.addAll(arrival);
        return checks;
    }

    /** After a canary has arrived, it does not matter that the store's notifications are unknown. */
    private static Check withoutUnknown(Check check) {
        return check.state() == State.UNKNOWN
                ? Check.warn(check.name(), check.found() + "; but the canary's event arrived")
                : check;
    }

    /**
     * Writes an object into the registry bucket and waits for its event, at most a minute. The first check says whether it
     * arrived: {@link State#PASS} or {@link State#FAIL}, or another state if that could not be tried.
     */
    public List<Check> canary() {
        if (registry.isDirectory()) {
            return List.of(Check.warn(CanaryChecks.NAME, "not tried: no events come from a directory"));
        }
        CanaryProbe canaryProbe = new CanaryProbe(registry.store(), backup.store(), clock);
        return new CanaryChecks(registry, backup, canaryProbe, clock, sleep).run(random.get());
    }

    /**
     * Sends a canary, waits for its event, and records whether it arrived. If the canary cannot be sent, for example
     * because the credentials may not write it, it counts as neither arrived nor lost, and is not recorded.
     *
     * @return the report of the checks, and under {@code lost} how many canaries in a row have been lost
     */
    public ObjectNode sendCanary() {
        Instant sentAt = clock.instant();
        CheckReport report = new CheckReport(canary());
        Check arrival = report.checks().get(0);
        int lost = 0;
        if (arrival.state() == State.PASS || arrival.state() == State.FAIL) {
            lost = new LastCanary(backup.store())
                    .write(sentAt, arrival.state() == State.PASS ? Optional.of(clock.instant()) : Optional.empty())
                    .lost();
        }
        LogEvent.of("canary")
                .with("result", arrival.state().name().toLowerCase(Locale.ROOT))
                .with("found", arrival.found())
                .with("lost", lost)
                .log(LOGGER, arrival.state() == State.FAIL ? Level.WARNING : Level.INFO);
        return report.json().put("lost", lost);
    }

    private List<Check> checkBackup() {
        StoreChecks store = new StoreChecks(backup, random.get());
        List<Check> checks = new ArrayList<>(store.access("registry-backup/"));
        if (checks.get(0).state() == State.PASS) {
            Instant now = clock.instant();
            checks.addAll(store.write(isCommand, now));
            checks.addAll(store.backupConfiguration(backup.store().bucketConfiguration(), now));
        }
        return checks;
    }

    private Check checkRclone() {
        try {
            return Check.pass("rclone", "it is " + rclone.get());
        } catch (RcloneUnusableException e) {
            return Check.fail("rclone", String.valueOf(e.getMessage()), "Follow that message");
        }
    }
}
