package dev.registrybackup.page;

import dev.registrybackup.ledger.Alarm;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the page at {@code /} shows. */
final class OverviewData {
    private final Commands commands;

    OverviewData(Commands commands) {
        this.commands = commands;
    }

    Map<String, Object> of(Standing standing, Instant now) {
        Restorability restorable = Restorability.of(standing.verification(), standing.items(), now);
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("level", restorable.level().data());
        data.put("sentence", restorable.sentence());
        data.put("known", Wording.moment(restorable.known(), now));
        data.put("notes", notes(standing, now));
        data.put("failures", failures(standing, now));
        data.put("rows", new StandingRows(now).of(standing));
        data.put(
                "alarms",
                standing.alarms().value().orElse(List.of()).stream()
                        .map(alarm -> alarm(alarm, now))
                        .toList());
        OperationData operations = new OperationData(now);
        data.put(
                "operations",
                standing.operations().value().map(operations::list).orElse(List.of()));
        data.put("areOperationsKnown", standing.operations().value().isPresent());
        data.put("catalog", CatalogData.of(standing.repositories().value(), now));
        data.put("restore", commands.all());
        return data;
    }

    /** What one has to know to read the sentence rightly. */
    private static List<String> notes(Standing standing, Instant now) {
        List<String> notes = new ArrayList<>();
        standing.verification()
                .value()
                .filter(said -> said.ended().isPresent() && Restorability.isOld(said, now))
                .ifPresent(
                        said -> notes.add(
                                "The last verification is more than a day old: what was lost or damaged since does not show here."));
        standing.verification()
                .value()
                .filter(said -> said.ended().isEmpty())
                .ifPresent(
                        said -> notes.add("Verify the backup: registry-backup verify --all, or POST /verify with {}."));
        standing.alarms()
                .value()
                .filter(open -> !open.isEmpty())
                .ifPresent(open -> notes.add(Wording.count(open.size(), "alarm") + " open, see below."));
        return notes;
    }

    /** Each cause once, with the time of the oldest that it left on the page. */
    private static List<Map<String, Object>> failures(Standing standing, Instant now) {
        Map<String, Optional<Instant>> causes = new LinkedHashMap<>();
        standing.all()
                .filter(reading -> reading.failure().isPresent())
                .forEach(reading -> causes.merge(
                        reading.failure().orElseThrow(),
                        reading.at(),
                        (one, other) -> one.isPresent() && other.isPresent() ? oldest(one, other) : Optional.empty()));
        return causes.entrySet().stream()
                .map(cause -> failure(cause.getKey(), cause.getValue(), now))
                .toList();
    }

    private static Optional<Instant> oldest(Optional<Instant> one, Optional<Instant> other) {
        return one.orElseThrow().isBefore(other.orElseThrow()) ? one : other;
    }

    static Map<String, Object> failure(String reason, Optional<Instant> known, Instant now) {
        return Map.of("reason", reason, "since", Wording.moment(known, now));
    }

    private static Map<String, Object> alarm(Alarm alarm, Instant now) {
        return Map.of(
                "id", alarm.id(),
                "cause", alarm.cause(),
                "problem", alarm.problem(),
                "raised", Wording.moment(alarm.raised(), now),
                "acknowledge", "registry-backup reconcile --acknowledge " + Commands.quoted(alarm.id()));
    }
}
