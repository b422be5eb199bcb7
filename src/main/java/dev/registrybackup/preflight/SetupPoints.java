package dev.registrybackup.preflight;

import dev.registrybackup.point.Point;
import dev.registrybackup.store.BucketFacts;
import dev.registrybackup.store.LifecycleRule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Whether a bucket is set up as it should be. */
final class SetupPoints {
    private static final Duration LARGE_SKEW = Duration.ofMinutes(5);
    private static final Duration SKEW = Duration.ofMinutes(1);
    private static final int FEW_DAYS = 30;
    private static final String ABORT =
            "'{\"Rules\":[{\"ID\":\"incomplete-uploads\",\"Status\":\"Enabled\",\"Filter\":{\"Prefix\":\"\"},"
                    + "\"AbortIncompleteMultipartUpload\":{\"DaysAfterInitiation\":1}}]}'";

    private final Side side;
    private final BucketFacts facts;

    SetupPoints(Side side, BucketFacts facts) {
        this.side = side;
        this.facts = facts;
    }

    /** Of the bucket that is backed up. */
    List<Point> ofRegistry(Instant now) {
        return List.of(
                clock(now),
                Looking.fact(
                        side.point("versioning"),
                        facts.versioned(),
                        askVersioning(),
                        isOn -> Point.note(side.point("versioning"), isOn ? "it is on" : "it is off, as is usual")),
                Looking.fact(side.point("lifecycle"), facts.lifecycle(), askLifecycle(), this::expiry));
    }

    /** Of the bucket that is the backup. */
    List<Point> ofBackup(Instant now) {
        List<Point> points = new ArrayList<>();
        points.add(clock(now));
        points.add(Looking.fact(side.point("versioning"), facts.versioned(), askVersioning(), this::versioning));
        points.add(Looking.fact(side.point("lifecycle"), facts.lifecycle(), askLifecycle(), this::expiry));
        facts.lifecycle().value().ifPresent(rules -> points.addAll(details(rules)));
        if (facts.objectLock().value().orElse(false)) {
            points.add(
                    Point.note(
                            side.point("Object Lock"),
                            "it is on: records of ours that are locked stay until their retention ends, and nothing is harmed"));
        }
        return points;
    }

    private String askVersioning() {
        return side.aws("get-bucket-versioning", "");
    }

    private String askLifecycle() {
        return side.aws("get-bucket-lifecycle-configuration", "");
    }

    private Point clock(Instant now) {
        String name = side.point("clock");
        String remedy = "Look at NTP on the nodes of the store and on this one (chronyc tracking)";
        return Looking.fact(name, facts.time(), remedy, time -> {
            Duration off = Duration.between(now, time).abs();
            String found = "the store's clock and ours differ by %d s".formatted(off.toSeconds());
            if (off.compareTo(LARGE_SKEW) > 0) {
                return Point.missing(name, found + ": from 15 min on it refuses every request", remedy);
            }
            return off.compareTo(SKEW) > 0 ? Point.note(name, found, remedy) : Point.ok(name, found);
        });
    }

    private Point versioning(boolean isOn) {
        String name = side.point("versioning");
        return isOn
                ? Point.ok(name, "it is on")
                : Point.missing(
                        name,
                        "it is off: what is overwritten is lost, and nothing can be restored as of an earlier time",
                        side.aws("put-bucket-versioning", "--versioning-configuration Status=Enabled"));
    }

    /** A store that removes images, or our records, by itself. */
    private Point expiry(List<LifecycleRule> rules) {
        String name = side.point("lifecycle");
        return rules.stream()
                .filter(LifecycleRule::expires)
                .filter(rule -> precious().anyMatch(rule::concerns))
                .findFirst()
                .map(rule -> Point.missing(
                        name,
                        "rule \"%s\" expires current objects below \"%s\": it deletes the %s"
                                .formatted(rule.name(), rule.prefix(), side.name()),
                        "Take it out of what this tells: " + askLifecycle()))
                .orElseGet(() -> Point.ok(name, "no rule expires current objects"));
    }

    private Stream<String> precious() {
        return side.name().equals("backup")
                ? Stream.of(side.layout().prefix(), "registry-backup/")
                : Stream.of(side.layout().prefix());
    }

    private List<Point> details(List<LifecycleRule> rules) {
        List<Point> points = new ArrayList<>();
        rules.stream()
                .filter(rule -> rule.concerns(side.layout().prefix()))
                .filter(rule -> rule.noncurrentDays().orElse(FEW_DAYS) < FEW_DAYS)
                .forEach(rule -> points.add(Point.note(
                        side.point("old versions"),
                        "rule \"%s\" removes them after %d days: no restore can go further back"
                                .formatted(rule.name(), rule.noncurrentDays().getAsInt()))));
        boolean givesUp = rules.stream()
                .anyMatch(rule ->
                        rule.abortDays().isPresent() && side.layout().prefix().startsWith(rule.prefix()));
        String name = side.point("incomplete uploads");
        points.add(
                givesUp
                        ? Point.ok(name, "a lifecycle rule gives them up")
                        : Point.note(
                                name,
                                "no lifecycle rule gives them up; reconcile gives up ours after a day",
                                side.aws("put-bucket-lifecycle-configuration", "--lifecycle-configuration " + ABORT)
                                        + " (replaces all rules that there are)"));
        return points;
    }
}
