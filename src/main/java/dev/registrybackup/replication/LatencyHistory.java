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
 * How soon objects became durable, for each of the last days. Adds up what the instances' {@link LatencyRecorder}s
 * wrote; {@link #fold} makes one record of the days that have ended. Blocks; throws
 * {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup bucket cannot be read or written.
 */
public final class LatencyHistory {
    /** The instances' records, by day: {@code <day>/<instance>}. */
    static final String PREFIX = DailyHistory.PREFIX + "latency/";
    /** The subject of the days that have ended. */
    static final String SUBJECT = "replication";
    /** How many instances' records {@link #read} reads at most, the newest. */
    static final int MAX_RECORDS = 100;
    /** Instances write the last figures of a day within minutes of its end. */
    private static final Duration WRITTEN_WITHIN = Duration.ofHours(1);

    private final ObjectStore backup;
    private final MetadataStore records;
    private final DailyHistory history;

    /** The history in this backup. */
    public LatencyHistory(ObjectStore backup) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
        this.history = new DailyHistory(backup);
    }

    /** The histogram of each day with objects; of days without a common record the newest {@value #MAX_RECORDS}. */
    public SortedMap<LocalDate, LatencyHistogram> read() {
        SortedMap<LocalDate, LatencyHistogram> days = new TreeMap<>();
        history.read(SUBJECT).forEach((day, counts) -> days.put(day, LatencyHistogram.parse(counts)));
        int room = MAX_RECORDS;
        for (Map.Entry<LocalDate, List<String>> day :
                keysByDay().descendingMap().entrySet()) {
            List<String> keys = day.getValue();
            if (!days.containsKey(day.getKey()) && room > 0) {
                days.put(day.getKey(), sum(keys.subList(0, Math.min(room, keys.size()))));
                room -= keys.size();
            }
        }
        return days;
    }

    /**
     * Makes one record of the days that have ended, and deletes their instances' records. Only one process at a time
     * may do so. If it is interrupted, the next call finishes it: a day is summed up once, before anything of it is
     * deleted.
     */
    public void fold(Instant now) {
        SortedMap<LocalDate, List<String>> ended = keysByDay().headMap(DailyHistory.day(now.minus(WRITTEN_WITHIN)));
        if (ended.isEmpty()) {
            return;
        }
        history.update(
                SUBJECT,
                DailyHistory.day(now),
                days -> ended.forEach((day, keys) -> {
                    if (!days.has(day.toString())) {
                        days.set(day.toString(), sum(keys).json());
                    }
                }));
        ended.values().forEach(keys -> keys.forEach(records::delete));
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
