package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.ui.StatusReader.BackupStatus;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.Severity;
import dev.registrybackup.reconcile.Alarm;
import dev.registrybackup.reconcile.LastRun.LastRunRecord;
import dev.registrybackup.replication.pending.QueueDepth.QueueCounts;
import dev.registrybackup.restore.LastDrill.DrillRecord;
import dev.registrybackup.verify.LastVerification.VerificationRecord;
import dev.registrybackup.verify.RestorableShare.ShareRecord;
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

    /**
     * The state of one row.
     *
     * @param timeLabel the word before the time, such as "finished"; empty without a time
     * @param time since or as of when, from {@link Formats#moment}; an empty string without one
     */
    private record State(Level level, String text, String timeLabel, Object time) {
        State(Level level, String text) {
            this(level, text, "", "");
        }
    }

    StatusTable(Instant now) {
        this.now = now;
    }

    List<Map<String, Object>> of(BackupStatus status) {
        List<Map<String, Object>> rows = new ArrayList<>();
        rows.add(row("Images that can be restored", status.verification(), this::images));
        if (status.items().value().isPresent()) {
            rows.add(row("Items of ImageStreams that can be restored", status.items(), this::items));
        }
        rows.add(row("Pending keys", status.backlog(), this::pending));
        rows.add(row("Rejected keys", status.backlog(), StatusTable::rejected));
        rows.add(row("Last reconciliation", status.reconciliation(), this::reconciliation));
        rows.add(row("Last complete comparison", status.reconciliation(), this::success));
        rows.add(row("Last verification", status.verification(), this::verification));
        rows.add(row("Last restore drill", status.drill(), this::drill));
        rows.add(row("Alarms", status.alarms(), StatusTable::alarms));
        return rows;
    }

    private static <T> Map<String, Object> row(String what, ReadResult<T> readResult, Function<T, State> stateOf) {
        State state = readResult.value().map(stateOf).orElseGet(() -> new State(Level.UNKNOWN, "Could not be read"));
        return Map.of(
                "what", what,
                "level", state.level().data(),
                "state", state.text(),
                "timeLabel", state.timeLabel(),
                "time", state.time());
    }

    private State images(VerificationRecord verification) {
        if (verification.finishedAt().isEmpty()) {
            return new State(Level.UNKNOWN, "Nothing has been verified yet");
        }
        String unknown = verification.unknown() == 0 ? "" : ", unknown: " + Formats.number(verification.unknown());
        return new State(
                Restorability.of(Optional.of(verification), Optional.empty(), now)
                        .level(),
                share(verification.restorable(), verification.images()) + unknown,
                "as of",
                Formats.moment(verification.startedAt().or(verification::finishedAt), now));
    }

    private State items(ShareRecord share) {
        return new State(
                share.restorable() < share.items() ? Level.BAD : Level.GOOD,
                share(share.restorable(), share.items()),
                "as of",
                Formats.moment(share.at(), now));
    }

    private static String share(long part, long all) {
        return Formats.number(part) + " of " + Formats.number(all);
    }

    private State pending(QueueCounts backlog) {
        if (backlog.oldestPending().isEmpty()) {
            return new State(Level.GOOD, "No keys are pending");
        }
        boolean isLong = backlog.oldestPending()
                .filter(since -> Duration.between(since, now).compareTo(PENDING_WARN_AFTER) > 0)
                .isPresent();
        return new State(
                isLong || backlog.hasMorePending() ? Level.WARN : Level.GOOD,
                records(backlog.hasMorePending(), backlog.pending()) + " of pending keys",
                "the oldest since",
                Formats.moment(backlog.oldestPending(), now));
    }

    private static State rejected(QueueCounts backlog) {
        return backlog.rejected() == 0
                ? new State(Level.GOOD, "Nothing")
                : new State(
                        Level.WARN,
                        records(backlog.hasMoreRejected(), backlog.rejected())
                                + " under registry-backup/rejected/, each with its reason");
    }

    private static String records(boolean isMore, long count) {
        return (isMore ? "More than " : "") + Formats.count(count, "record");
    }

    private State reconciliation(LastRunRecord run) {
        JsonNode summary = run.summary();
        if (summary.isEmpty()) {
            return new State(Level.UNKNOWN, "There was none yet");
        }
        boolean isComplete = summary.path("outcome").asText().equals("complete");
        return new State(
                isComplete ? Level.GOOD : Level.WARN,
                "%s: %s remaining, %s copied (%s missed by events)"
                        .formatted(
                                isComplete ? "Complete" : "Incomplete",
                                counted(summary, "remaining"),
                                counted(summary, "copied"),
                                counted(summary, "missedByEvents")),
                "finished",
                Formats.moment(summary, "finishedAt", now));
    }

    private static String counted(JsonNode summary, String name) {
        return Formats.number(summary.path(name).asLong());
    }

    private State success(LastRunRecord run) {
        if (run.lastSuccessFinishedAt().isEmpty()) {
            return new State(Level.UNKNOWN, "There was none yet");
        }
        Instant finishedAt = run.lastSuccessFinishedAt().get();
        boolean isRecent = Duration.between(finishedAt, now).compareTo(Restorability.STALE_AFTER) <= 0;
        return new State(
                isRecent ? Level.GOOD : Level.WARN,
                "Every key of the registry and the backup was compared",
                "finished",
                Formats.moment(finishedAt, now));
    }

    private State verification(VerificationRecord verification) {
        if (verification.finishedAt().isEmpty()) {
            return new State(Level.UNKNOWN, "There was none yet");
        }
        String outcome = verification.summary().path("outcome").asText();
        String findings = verification.findingsBySeverity().entrySet().stream()
                .filter(entry -> entry.getValue() > 0 && entry.getKey() != Severity.INFO)
                .map(entry ->
                        Formats.number(entry.getValue()) + " " + entry.getKey().label())
                .collect(Collectors.joining(", "));
        boolean isGood = outcome.equals("ok") && !Restorability.isOld(verification, now);
        return new State(
                isGood ? Level.GOOD : outcome.equals("findings") ? Level.BAD : Level.WARN,
                (findings.isEmpty() ? "No findings" : "Findings: " + findings)
                        + acknowledged(verification)
                        + "; "
                        + depth(verification.summary()),
                "finished",
                Formats.moment(verification.finishedAt(), now));
    }

    private static String acknowledged(VerificationRecord verification) {
        long count = verification
                .summary()
                .path("findings")
                .path(FindingCode.ACKNOWLEDGED.name())
                .asLong();
        return count == 0 ? "" : ", " + Formats.number(count) + " acknowledged";
    }

    /** The depth of the verification: without reading bytes it says much less. */
    private static String depth(JsonNode summary) {
        if (!summary.path("depth").asText().equals("content")) {
            return "links and sizes checked, blobs not hashed";
        }
        return summary.has("sample")
                ? "a share of %s of the blobs hashed"
                        .formatted(summary.path("sample").path("fraction").asText())
                : "every blob hashed";
    }

    private State drill(DrillRecord drill) {
        if (drill.finishedAt().isEmpty()) {
            return new State(Level.UNKNOWN, "There was none yet");
        }
        String restored = drill.failed() == 0
                ? "All of its images were restored and read back"
                : Formats.count(drill.failed(), "image") + " could not be restored";
        String everything = drill.expectedRestoreSeconds().isEmpty()
                ? ""
                : "; a restore of everything would take about "
                        + Formats.length(Duration.ofSeconds(
                                (long) drill.expectedRestoreSeconds().getAsDouble()));
        return new State(
                drill.failed() == 0 ? Level.GOOD : Level.BAD,
                restored + everything,
                "finished",
                Formats.moment(drill.finishedAt(), now));
    }

    private static State alarms(List<Alarm> open) {
        return open.isEmpty()
                ? new State(Level.GOOD, "None")
                : new State(Level.BAD, Formats.count(open.size(), "alarm") + " not acknowledged: nothing is pruned");
    }
}
