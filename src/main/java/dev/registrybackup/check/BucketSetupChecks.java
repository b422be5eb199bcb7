package dev.registrybackup.check;

import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.LifecycleRule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Whether a bucket is set up as it should be. */
final class BucketSetupChecks {
    private static final Duration LARGE_SKEW = Duration.ofMinutes(5);
    private static final Duration SKEW = Duration.ofMinutes(1);
    private static final int FEW_DAYS = 30;
    private static final String ABORT =
            "'{\"Rules\":[{\"ID\":\"incomplete-uploads\",\"Status\":\"Enabled\",\"Filter\":{\"Prefix\":\"\"},"
                    + "\"AbortIncompleteMultipartUpload\":{\"DaysAfterInitiation\":1}}]}'";

    private final CheckedStore checkedStore;
    private final BucketConfiguration facts;

    BucketSetupChecks(CheckedStore checkedStore, BucketConfiguration facts) {
        this.checkedStore = checkedStore;
        this.facts = facts;
    }

    /** Of the bucket that is backed up. */
    List<Check> ofRegistry(Instant now) {
        return List.of(
                clock(now),
                CheckRunner.fact(
                        checkedStore.check("versioning"),
                        facts.versioningEnabled(),
                        checkVersioning(),
                        isOn -> Check.warn(
                                checkedStore.check("versioning"), isOn ? "it is on" : "it is off, as is usual")),
                CheckRunner.fact(
                        checkedStore.check("lifecycle"), facts.lifecycleRules(), checkLifecycle(), this::expiry));
    }

    /** Of the bucket that is the backup. */
    List<Check> ofBackup(Instant now) {
        List<Check> points = new ArrayList<>();
        points.add(clock(now));
        points.add(CheckRunner.fact(
                checkedStore.check("versioning"), facts.versioningEnabled(), checkVersioning(), this::versioning));
        points.add(CheckRunner.fact(
                checkedStore.check("lifecycle"), facts.lifecycleRules(), checkLifecycle(), this::expiry));
        facts.lifecycleRules().value().ifPresent(rules -> points.addAll(details(rules)));
        if (facts.objectLockEnabled().value().orElse(false)) {
            points.add(
                    Check.warn(
                            checkedStore.check("Object Lock"),
                            "it is on: records of ours that are locked stay until their retention ends, and nothing is harmed"));
        }
        return points;
    }

    private String checkVersioning() {
        return checkedStore.aws("get-bucket-versioning", "");
    }

    private String checkLifecycle() {
        return checkedStore.aws("get-bucket-lifecycle-configuration", "");
    }

    private Check clock(Instant now) {
        String name = checkedStore.check("clock");
        String remedy = "Look at NTP on the nodes of the store and on this one (chronyc tracking)";
        return CheckRunner.fact(name, facts.serverTime(), remedy, time -> {
            Duration off = Duration.between(now, time).abs();
            String found = "the store's clock and ours differ by %d s".formatted(off.toSeconds());
            if (off.compareTo(LARGE_SKEW) > 0) {
                return Check.fail(name, found + ": from 15 min on it refuses every request", remedy);
            }
            return off.compareTo(SKEW) > 0 ? Check.warn(name, found, remedy) : Check.pass(name, found);
        });
    }

    private Check versioning(boolean isOn) {
        String name = checkedStore.check("versioning");
        return isOn
                ? Check.pass(name, "it is on")
                : Check.fail(
                        name,
                        "it is off: what is overwritten is lost, and nothing can be restored as of an earlier time",
                        checkedStore.aws("put-bucket-versioning", "--versioning-configuration Status=Enabled"));
    }

    /** A store that removes images, or our records, by itself. */
    private Check expiry(List<LifecycleRule> rules) {
        String name = checkedStore.check("lifecycle");
        return rules.stream()
                .filter(LifecycleRule::expiresCurrentVersions)
                .filter(rule -> precious().anyMatch(rule::overlapsPrefix))
                .findFirst()
                .map(rule -> Check.fail(
                        name,
                        "rule \"%s\" expires current objects below \"%s\": it deletes the %s"
                                .formatted(rule.name(), rule.prefix(), checkedStore.name()),
                        "Take it out of what this tells: " + checkLifecycle()))
                .orElseGet(() -> Check.pass(name, "no rule expires current objects"));
    }

    private Stream<String> precious() {
        return checkedStore.name().equals("backup")
                ? Stream.of(checkedStore.layout().prefix(), "registry-backup/")
                : Stream.of(checkedStore.layout().prefix());
    }

    private List<Check> details(List<LifecycleRule> rules) {
        List<Check> points = new ArrayList<>();
        rules.stream()
                .filter(rule -> rule.overlapsPrefix(checkedStore.layout().prefix()))
                .filter(rule -> rule.noncurrentExpirationDays().orElse(FEW_DAYS) < FEW_DAYS)
                .forEach(rule -> points.add(Check.warn(
                        checkedStore.check("old versions"),
                        "rule \"%s\" removes them after %d days: no restore can go further back"
                                .formatted(
                                        rule.name(),
                                        rule.noncurrentExpirationDays().getAsInt()))));
        boolean givesUp = rules.stream()
                .anyMatch(rule -> rule.abortUploadDays().isPresent()
                        && checkedStore.layout().prefix().startsWith(rule.prefix()));
        String name = checkedStore.check("incomplete uploads");
        points.add(
                givesUp
                        ? Check.pass(name, "a lifecycle rule gives them up")
                        : Check.warn(
                                name,
                                "no lifecycle rule gives them up; reconcile gives up ours after a day",
                                checkedStore.aws(
                                                "put-bucket-lifecycle-configuration",
                                                "--lifecycle-configuration " + ABORT)
                                        + " (replaces all rules that there are)"));
        return points;
    }
}
