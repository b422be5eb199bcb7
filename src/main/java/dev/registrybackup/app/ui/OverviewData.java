package dev.registrybackup.app.ui;

import dev.registrybackup.app.ui.StatusReader.BackupStatus;
import dev.registrybackup.reconcile.Alarm;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Template data of the overview at {@code /}. */
final class OverviewData {
    private OverviewData() {}

    static Map<String, Object> of(BackupStatus backupStatus, ShellCommands shellCommands, Instant now) {
        Restorability restorable = Restorability.of(
                backupStatus.verification().value(), backupStatus.items().value(), now);
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("level", restorable.level().data());
        data.put("sentence", restorable.sentence());
        data.put("known", Formats.moment(restorable.knownSince(), now));
        data.put("notes", notes(backupStatus, shellCommands, now));
        data.put("failures", failures(backupStatus, now));
        data.put("rows", new StatusTable(now).of(backupStatus));
        data.put("history", HistoryData.of(backupStatus, now));
        data.put(
                "alarms",
                backupStatus.alarms().value().orElse(List.of()).stream()
                        .map(alarm -> alarm(alarm, shellCommands, now))
                        .toList());
        OperationData operations = new OperationData(now);
        data.put(
                "operations",
                backupStatus.operations().value().map(operations::list).orElse(List.of()));
        data.put("areOperationsKnown", backupStatus.operations().value().isPresent());
        data.put("catalog", CatalogData.of(backupStatus.repositories().value(), now));
        data.put("restore", shellCommands.restoreAll());
        return data;
    }

    /** Notes that qualify the sentence. */
    private static List<String> notes(BackupStatus backupStatus, ShellCommands shellCommands, Instant now) {
        List<String> notes = new ArrayList<>();
        backupStatus.verification().value().ifPresent(verification -> {
            if (verification.finishedAt().isEmpty()) {
                notes.add("Verify the backup: " + shellCommands.verifyAll());
            } else if (Restorability.isOld(verification, now)) {
                notes.add(
                        "The last verification is more than a day old: later losses and corruption do not show here.");
            }
        });
        int alarms = backupStatus.alarms().value().map(List::size).orElse(0);
        if (alarms > 0) {
            notes.add(Formats.count(alarms, "alarm") + " open, see below.");
        }
        return notes;
    }

    /** Each read failure once, with the time of the oldest value that it leaves on the page. */
    private static List<Map<String, Object>> failures(BackupStatus backupStatus, Instant now) {
        Map<String, Optional<Instant>> causes = new LinkedHashMap<>();
        for (ReadResult<?> readResult : backupStatus.failures()) {
            causes.merge(
                    readResult.failure().orElseThrow(),
                    readResult.at(),
                    (one, other) -> one.isPresent() && other.isPresent() ? oldest(one, other) : Optional.empty());
        }
        return causes.entrySet().stream()
                .map(cause -> failure(cause.getKey(), cause.getValue(), now))
                .toList();
    }

    private static Optional<Instant> oldest(Optional<Instant> one, Optional<Instant> other) {
        return one.orElseThrow().isBefore(other.orElseThrow()) ? one : other;
    }

    static Map<String, Object> failure(String reason, Optional<Instant> known, Instant now) {
        return Map.of("reason", reason, "since", Formats.moment(known, now));
    }

    private static Map<String, Object> alarm(Alarm alarm, ShellCommands shellCommands, Instant now) {
        return Map.of(
                "id", alarm.id(),
                "cause", alarm.cause(),
                "problem", alarm.problem(),
                "raisedAt", Formats.moment(alarm.raisedAt(), now),
                "acknowledge", shellCommands.acknowledge(alarm.id()));
    }
}
