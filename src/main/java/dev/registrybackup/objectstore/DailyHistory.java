package dev.registrybackup.objectstore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.registry.RegistryLayout;
import java.lang.System.Logger.Level;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Figures of each of the last days, for the charts of the page: a record for each subject under {@value #PREFIX}, with
 * an object for each day in UTC, such as {@code {"2026-11-28":{"runs":4}}}. A subject has one writer at a time. Blocks;
 * throws {@link ObjectStoreException} if the backup bucket cannot be read or written.
 */
public final class DailyHistory {
    /** The prefix of the records. */
    public static final String PREFIX = RegistryLayout.METADATA_PREFIX + "history/";

    /** The subject of reconciliations. */
    public static final String RECONCILE = "reconcile";

    /** The subject of verifications of the full backup. */
    public static final String VERIFY = "verify";

    /** The subject of restore drills. */
    public static final String DRILL = "drill";

    /** Older days are removed by the next update. */
    public static final int MAX_DAYS = 35;

    private static final System.Logger LOGGER = System.getLogger(DailyHistory.class.getName());

    private final MetadataStore records;

    /** Uses the records of this backup. */
    public DailyHistory(ObjectStore backup) {
        this.records = new MetadataStore(backup);
    }

    /** The day of this time, in UTC. */
    public static LocalDate day(Instant time) {
        return LocalDate.ofInstant(time, ZoneOffset.UTC);
    }

    /** The day of a text such as {@code 2026-11-28}; empty if it is not a day. */
    public static Optional<LocalDate> parseDay(String text) {
        try {
            return Optional.of(LocalDate.parse(text));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Writes figures. A failure is only logged: a chart must not fail an operation. */
    public static void attempt(Runnable writing) {
        try {
            writing.run();
        } catch (ObjectStoreException e) {
            LogEvent.of("history-not-written")
                    .with("reason", e.getMessage())
                    .with("remedy", "none: these figures are missing from the page's charts")
                    .log(LOGGER, Level.WARNING);
        }
    }

    /** The figures of each day of this subject; ignores fields that are not a day. */
    public SortedMap<LocalDate, JsonNode> read(String subject) {
        SortedMap<LocalDate, JsonNode> days = new TreeMap<>();
        records.read(PREFIX + subject)
                .properties()
                .forEach(day -> parseDay(day.getKey()).ifPresent(date -> days.put(date, day.getValue())));
        return days;
    }

    /** Changes the days of this subject, and removes those more than {@value #MAX_DAYS} days before {@code today}. */
    public void update(String subject, LocalDate today, Consumer<ObjectNode> change) {
        String oldest = today.minusDays(MAX_DAYS).toString();
        records.update(PREFIX + subject, days -> {
            change.accept(days);
            days.properties().removeIf(day -> day.getKey().compareTo(oldest) < 0);
            return days;
        });
    }
}
