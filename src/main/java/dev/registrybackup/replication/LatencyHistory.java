package dev.registrybackup.replication;

import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The replication latencies of each of the last days. Adds the records that each instance's {@link LatencyRecorder}
 * wrote; {@link #fold} combines the records of past days into one. Blocks; throws {@link
 * dev.registrybackup.objectstore.ObjectStoreException} if the backup bucket cannot be read or written.
 */
public final class LatencyHistory {
    /** The prefix of the instances' records: {@code <day>/<instance>}. */
    static final String PREFIX = DailyHistory.PREFIX + "latency/";
    /** The {@link DailyHistory} subject of the record of past days. */
    static final String SUBJECT = "replication";
    /** The maximum number of instances' records that {@link #read} reads, newest first. */
    static final int MAX_RECORDS = 100;
    /** A day is combined this long after its end: instances write their last counts minutes after it. */
    private static final Duration FOLD_DELAY = Duration.ofHours(1);

    private final ObjectStore backup;
    private final MetadataStore records;
    private final DailyHistory history;

    /** The history in this backup bucket. */
    public LatencyHistory(ObjectStore backup) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
        this.history = new DailyHistory(backup);
    }

    /** The histogram of each day. For days that are not combined yet, reads at most {@value #MAX_RECORDS} records. */
    public SortedMap<LocalDate, LatencyHistogram> read() {
        SortedMap<LocalDate, LatencyHistogram> days = new TreeMap<>();
        history.read(SUBJECT).forEach((day, counts) -> days.put(day, LatencyHistogram.parse(counts)));
        int remaining = MAX_RECORDS;
        for (Map.Entry<LocalDate, List<String>> day :
                keysByDay().descendingMap().entrySet()) {
            List<String> keys = day.getValue();
            if (!days.containsKey(day.getKey()) && remaining > 0) {
                days.put(day.getKey(), sum(keys.subList(0, Math.min(remaining, keys.size()))));
                remaining -= keys.size();
            }
        }
        return days;
    }

    /**
     * Combines the records of past days into one and deletes the instances' records. Only one process may call this at
     * a time. If it is interrupted, the next call finishes the work: a day is added up once, before its records are
     * deleted.
     */
    public void fold(Instant now) {
        SortedMap<LocalDate, List<String>> pastDays = keysByDay().headMap(DailyHistory.day(now.minus(FOLD_DELAY)));
        if (pastDays.isEmpty()) {
            return;
        }
        history.update(
                SUBJECT,
                DailyHistory.day(now),
                days -> pastDays.forEach((day, keys) -> {
                    if (!days.has(day.toString())) {
                        days.set(day.toString(), sum(keys).json());
                    }
                }));
        pastDays.values().forEach(keys -> keys.forEach(records::delete));
    }

    private NavigableMap<LocalDate, List<String>> keysByDay() {
        TreeMap<LocalDate, List<String>> days = new TreeMap<>();
        try (Stream<ObjectInfo> listing = backup.list(PREFIX)) {
            listing.map(ObjectInfo::key)
                    .forEach(key -> DailyHistory.parseDay(
                                    key.substring(PREFIX.length()).split("/", 2)[0])
                            .ifPresent(day -> days.computeIfAbsent(day, first -> new ArrayList<>())
                                    .add(key)));
        }
        return days;
    }

    private LatencyHistogram sum(List<String> keys) {
        LatencyHistogram sum = new LatencyHistogram();
        keys.forEach(key -> sum.add(LatencyHistogram.parse(records.read(key))));
        return sum;
    }
}
