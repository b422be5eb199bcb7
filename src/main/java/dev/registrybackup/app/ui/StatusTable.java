package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.ui.StatusReader.BackupStatus;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.Severity;
import dev.registrybackup.reconcile.Alarm;
import dev.registrybackup.reconcile.LastRun;
import dev.registrybackup.replication.pending.QueueDepth;
import dev.registrybackup.restore.LastDrill;
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

/** The status table of the overview. */
final class StatusTable {
    /** Keys that are pending for longer than a few retries need attention. */
    private static final Duration PENDING_WARN_AFTER = Duration.ofMinutes(15);

    private final Instant now;

    StatusTable(Instant now) {
        this.now = now;
    }

    List<Map<String, Object>> of(BackupStatus backupStatus) {
        List<Map<String, Object>> rows = new ArrayList<>();
        rows.add(known("Images that can be restored", backupStatus.verification(), this::images));
        backupStatus.items().value().ifPresent(share -> rows.add(items(share)));
        rows.add(known("Pending keys", backupStatus.backlog(), this::pending));
        rows.add(known("Rejected keys", backupStatus.backlog(), this::rejected));
        rows.add(known("Last reconciliation", backupStatus.reconciliation(), this::reconciliation));
        rows.add(known("Last complete comparison", backupStatus.reconciliation(), this::success));
        rows.add(known("Last verification", backupStatus.verification(), this::verification));
        rows.add(known("Last restore drill", backupStatus.drill(), this::drill));
        rows.add(known("Alarms", backupStatus.alarms(), this::alarms));
        return rows;
    }

    /**
     * A row.
     *
     * @param what the subject
     * @param state its state
     * @param said the word before the time, such as "finished"
     * @param time since or as of when, from {@link Formats#moment}
     */
    private static Map<String, Object> row(Level level, String what, String state, String said, Object time) {
        return Map.of("level", level.data(), "what", what, "state", state, "said", said, "time", time);
    }

    private static <T> Map<String, Object> known(
            String what, Reading<T> reading, Function<T, Map<String, Object>> row) {
        return reading.value().map(row).orElseGet(() -> row(Level.UNKNOWN, what, "Could not be read", "", ""));
    }

    private Map<String, Object> images(LastVerification.VerificationRecord verification) {
        String what = "Images that can be restored";
        if (verification.finishedAt().isEmpty()) {
            return row(Level.UNKNOWN, what, "Nothing has been verified yet", "", "");
        }
        String unknown = verification.unknown() == 0 ? "" : ", unknown: " + Formats.number(verification.unknown());
        return row(
                Restorability.of(Optional.of(verification), Optional.empty(), now)
                        .level(),
                what,
                "%s of %s%s"
                        .formatted(
                                Formats.number(verification.restorable()),
                                Formats.number(verification.images()),
                                unknown),
                "as of",
                Formats.moment(verification.startedAt().or(verification::finishedAt), now));
    }

    private Map<String, Object> items(RestorableShare.ShareRecord share) {
        return row(
                share.restorable() < share.items() ? Level.BAD : Level.GOOD,
                "Items of ImageStreams that can be restored",
                "%s of %s".formatted(Formats.number(share.restorable()), Formats.number(share.items())),
                "as of",
                Formats.moment(share.at(), now));
    }

    private Map<String, Object> pending(QueueDepth.QueueCounts backlog) {
        String what = "Pending keys";
        if (backlog.oldestPending().isEmpty()) {
            return row(Level.GOOD, what, "No keys are pending", "", "");
        }
        boolean isLong = backlog.oldestPending()
                .filter(since -> Duration.between(since, now).compareTo(PENDING_WARN_AFTER) > 0)
                .isPresent();
        return row(
                isLong || backlog.hasMorePending() ? Level.WARN : Level.GOOD,
                what,
                moreThan(backlog.hasMorePending()) + Formats.count(backlog.pending(), "record") + " of pending keys",
                "the oldest since",
                Formats.moment(backlog.oldestPending(), now));
    }

    private Map<String, Object> rejected(QueueDepth.QueueCounts backlog) {
        return backlog.rejected() == 0
                ? row(Level.GOOD, "Rejected keys", "Nothing", "", "")
                : row(
                        Level.WARN,
                        "Rejected keys",
                        moreThan(backlog.hasMoreRejected())
                                + Formats.count(backlog.rejected(), "record")
                                + " under registry-backup/rejected/, each with its reason",
                        "",
                        "");
    }

    private static String moreThan(boolean isMore) {
        return isMore ? "More than " : "";
    }

    private Map<String, Object> reconciliation(LastRun.RunRecord run) {
        String what = "Last reconciliation";
        JsonNode summary = run.summary();
        if (summary.isEmpty()) {
            return row(Level.UNKNOWN, what, "There was none yet", "", "");
        }
        boolean isComplete = summary.path("outcome").asText().equals("complete");
        return row(
                isComplete ? Level.GOOD : Level.WARN,
                what,
                "%s: %s remaining, %s copied (%s missed by events)"
                        .formatted(
                                isComplete ? "Complete" : "Incomplete",
                                counted(summary, "remaining"),
                                counted(summary, "copied"),
                                counted(summary, "missedByEvents")),
                "finished",
                Formats.moment(MetadataStore.parseTime(summary, "finishedAt"), now));
    }

    private static String counted(JsonNode summary, String name) {
        return Formats.number(summary.path(name).asLong());
    }

    private Map<String, Object> success(LastRun.RunRecord run) {
        String what = "Last complete comparison";
        if (run.lastSuccessFinishedAt().isEmpty()) {
            return row(Level.UNKNOWN, what, "There was none yet", "", "");
        }
        Instant finishedAt = run.lastSuccessFinishedAt().get();
        boolean isRecent = Duration.between(finishedAt, now).compareTo(Restorability.STALE_AFTER) <= 0;
        return row(
                isRecent ? Level.GOOD : Level.WARN,
                what,
                "Every key of the registry and the backup was compared",
                "finished",
                Formats.moment(finishedAt, now));
    }

    private Map<String, Object> verification(LastVerification.VerificationRecord verification) {
        String what = "Last verification";
        if (verification.finishedAt().isEmpty()) {
            return row(Level.UNKNOWN, what, "There was none yet", "", "");
        }
        String outcome = verification.summary().path("outcome").asText();
        String findings = verification.findingsBySeverity().entrySet().stream()
                .filter(entry -> entry.getValue() > 0 && entry.getKey() != Severity.INFO)
                .map(entry ->
                        Formats.number(entry.getValue()) + " " + entry.getKey().label())
                .collect(Collectors.joining(", "));
        boolean isGood = outcome.equals("ok") && !Restorability.isOld(verification, now);
        return row(
                isGood ? Level.GOOD : outcome.equals("findings") ? Level.BAD : Level.WARN,
                what,
                (findings.isEmpty() ? "No findings" : "Findings: " + findings) + acknowledged(verification) + "; "
                        + depth(verification.summary()),
                "finished",
                Formats.moment(verification.finishedAt(), now));
    }

    private static String acknowledged(LastVerification.VerificationRecord verification) {
        long count = verification
                .summary()
                .path("findings")
                .path(FindingCode.ACKNOWLEDGED.name())
                .asLong();
        return count == 0 ? "" : ", " + Formats.number(count) + " acknowledged";
    }

    /** The depth of the verification: without reading bytes it says much less. */
    static String depth(JsonNode summary) {
        if (!summary.path("depth").asText().equals("content")) {
            return "links and sizes checked, blobs not hashed";
        }
        return summary.has("sample")
                ? "a share of %s of the blobs hashed"
                        .formatted(summary.path("sample").path("fraction").asText())
                : "every blob hashed";
    }

    private Map<String, Object> drill(LastDrill.DrillRecord drillRecord) {
        String what = "Last restore drill";
        if (drillRecord.finishedAt().isEmpty()) {
            return row(Level.UNKNOWN, what, "There was none yet", "", "");
        }
        String restored = drillRecord.failed() == 0
                ? "All of its images were restored and read back"
                : Formats.count(drillRecord.failed(), "image") + " could not be restored";
        String everything = drillRecord.expectedRestoreSeconds().isEmpty()
                ? ""
                : "; a restore of everything would take about "
                        + Formats.length(Duration.ofSeconds(
                                (long) drillRecord.expectedRestoreSeconds().getAsDouble()));
        return row(
                drillRecord.failed() == 0 ? Level.GOOD : Level.BAD,
                what,
                restored + everything,
                "finished",
                Formats.moment(drillRecord.finishedAt(), now));
    }

    private Map<String, Object> alarms(List<Alarm> open) {
        return row(
                open.isEmpty() ? Level.GOOD : Level.BAD,
                "Alarms",
                open.isEmpty() ? "None" : Formats.count(open.size(), "alarm") + " not acknowledged: nothing is pruned",
                "",
                "");
    }
}
