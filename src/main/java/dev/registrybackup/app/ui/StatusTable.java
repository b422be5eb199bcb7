package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.ui.Row.Level;
import dev.registrybackup.objectstore.LastRecord;
import dev.registrybackup.operation.Severity;
import dev.registrybackup.reconcile.Alarm;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.replication.pending.QueueDepth;
import dev.registrybackup.verify.LastVerification;
import dev.registrybackup.verify.RestorableShare;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The table that says how everything stands. */
final class StatusTable {
    /** What is owed for longer than a few retries wants a look. */
    private static final Duration LONG_OWED = Duration.ofMinutes(15);

    private final Instant now;

    StatusTable(Instant now) {
        this.now = now;
    }

    List<Map<String, Object>> of(BackupStatus backupStatus) {
        List<Map<String, Object>> rows = new ArrayList<>();
        rows.add(known("Images that can be restored", backupStatus.verification(), this::images));
        backupStatus.items().value().ifPresent(share -> rows.add(items(share)));
        rows.add(known("How far behind", backupStatus.backlog(), this::owed));
        rows.add(known("Rejected for good", backupStatus.backlog(), this::rejected));
        rows.add(known("Last reconciliation", backupStatus.reconciliation(), this::reconciliation));
        rows.add(known("Last one that left nothing", backupStatus.reconciliation(), this::success));
        rows.add(known("Last verification", backupStatus.verification(), this::verification));
        rows.add(known("Alarms", backupStatus.alarms(), this::alarms));
        return rows;
    }

    private static <T> Map<String, Object> known(
            String what, Reading<T> reading, Function<T, Map<String, Object>> row) {
        return reading.value().map(row).orElseGet(() -> Row.of(Level.UNKNOWN, what, "Could not be read", "", ""));
    }

    private Map<String, Object> images(LastVerification.Said said) {
        String what = "Images that can be restored";
        if (said.ended().isEmpty()) {
            return Row.of(Level.UNKNOWN, what, "Nothing has been verified yet", "", "");
        }
        String untold = said.untold() == 0 ? "" : ", not told of " + Formats.number(said.untold());
        Level level = Restorability.of(Reading.of(Optional.of(said), now), Reading.never(), now)
                .level();
        return Row.of(
                level,
                what,
                "%s of %s%s".formatted(Formats.number(said.restorable()), Formats.number(said.images()), untold),
                "as of",
                Formats.moment(said.begun().or(said::ended), now));
    }

    private Map<String, Object> items(RestorableShare.Said share) {
        return Row.of(
                share.restorable() < share.items() ? Level.BAD : Level.GOOD,
                "Items of ImageStreams that can be restored",
                "%s of %s".formatted(Formats.number(share.restorable()), Formats.number(share.items())),
                "as of",
                Formats.moment(share.at(), now));
    }

    private Map<String, Object> owed(QueueDepth.Said backlog) {
        String what = "How far behind";
        if (backlog.oldest().isEmpty()) {
            return Row.of(Level.GOOD, what, "Nothing is owed to the backup", "", "");
        }
        boolean isLong = backlog.oldest()
                .filter(since -> Duration.between(since, now).compareTo(LONG_OWED) > 0)
                .isPresent();
        return Row.of(
                isLong || backlog.isMoreOwed() ? Level.LOOK : Level.GOOD,
                what,
                moreThan(backlog.isMoreOwed()) + Formats.count(backlog.owed(), "record") + " of keys owed",
                "the oldest since",
                Formats.moment(backlog.oldest(), now));
    }

    private Map<String, Object> rejected(QueueDepth.Said backlog) {
        return backlog.rejected() == 0
                ? Row.of(Level.GOOD, "Rejected for good", "Nothing", "", "")
                : Row.of(
                        Level.LOOK,
                        "Rejected for good",
                        moreThan(backlog.isMoreRejected())
                                + Formats.count(backlog.rejected(), "record")
                                + " under registry-backup/rejected/, each with its reason",
                        "",
                        "");
    }

    private static String moreThan(boolean isMore) {
        return isMore ? "More than " : "";
    }

    private Map<String, Object> reconciliation(LastRun.Said said) {
        String what = "Last reconciliation";
        JsonNode summary = said.summary();
        if (summary.isEmpty()) {
            return Row.of(Level.UNKNOWN, what, "There was none yet", "", "");
        }
        boolean isComplete = summary.path("outcome").asText().equals("complete");
        return Row.of(
                isComplete ? Level.GOOD : Level.LOOK,
                what,
                "%s: %s left, %s brought, of which events should have brought %s"
                        .formatted(
                                isComplete ? "Complete" : "Incomplete",
                                counted(summary, "left"),
                                counted(summary, "brought"),
                                counted(summary, "missedByEvents")),
                "ended",
                Formats.moment(LastRecord.time(summary, "ended"), now));
    }

    private static String counted(JsonNode summary, String name) {
        return Formats.number(summary.path(name).asLong());
    }

    private Map<String, Object> success(LastRun.Said said) {
        boolean isRecent = said.successEnded()
                .filter(ended -> Duration.between(ended, now).compareTo(Restorability.OLD) <= 0)
                .isPresent();
        return Row.of(
                said.successEnded().isEmpty() ? Level.UNKNOWN : isRecent ? Level.GOOD : Level.LOOK,
                "Last one that left nothing",
                said.successEnded().isEmpty() ? "There was none yet" : "All of the registry was in the backup",
                said.successEnded().isEmpty() ? "" : "ended",
                Formats.moment(said.successEnded(), now));
    }

    private Map<String, Object> verification(LastVerification.Said said) {
        String what = "Last verification";
        if (said.ended().isEmpty()) {
            return Row.of(Level.UNKNOWN, what, "There was none yet", "", "");
        }
        String outcome = said.summary().path("outcome").asText();
        String findings = said.findings().entrySet().stream()
                .filter(entry -> entry.getValue() > 0 && entry.getKey() != Severity.INFO)
                .map(entry ->
                        Formats.number(entry.getValue()) + " " + entry.getKey().label())
                .collect(Collectors.joining(", "));
        boolean isGood = outcome.equals("good") && !Restorability.isOld(said, now);
        return Row.of(
                isGood ? Level.GOOD : outcome.equals("findings") ? Level.BAD : Level.LOOK,
                what,
                (findings.isEmpty() ? "No findings" : "Findings: " + findings) + "; " + depth(said.summary()),
                "ended",
                Formats.moment(said.ended(), now));
    }

    /** How closely it was looked: it says much less if no byte was read. */
    static String depth(JsonNode summary) {
        if (!summary.path("depth").asText().equals("content")) {
            return "links and sizes looked at, blobs not hashed";
        }
        return summary.has("sample")
                ? "a share of %s of the blobs hashed"
                        .formatted(summary.path("sample").path("fraction").asText())
                : "every blob hashed";
    }

    private Map<String, Object> alarms(List<Alarm> open) {
        return Row.of(
                open.isEmpty() ? Level.GOOD : Level.BAD,
                "Alarms",
                open.isEmpty()
                        ? "None"
                        : Formats.count(open.size(), "alarm") + " that nobody has acknowledged: nothing is removed",
                "",
                "");
    }
}
