package dev.registrybackup.replication;

import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.SingleVersionRecord;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Counts this instance's replication latencies and writes one record per day to the backup bucket: {@code
 * registry-backup/history/latency/<day>/<instance>}. {@link LatencyHistory} adds the records of all instances. An
 * instance that is killed loses the counts since its last {@link #flush}. Safe for use by many threads.
 */
public final class LatencyRecorder {
    private final MetadataStore records;
    private final String instance;
    private final Clock clock;
    /** Guarded by this. */
    private final TreeMap<LocalDate, DayCounts> days = new TreeMap<>();

    private static final class DayCounts {
        private final LatencyHistogram histogram = new LatencyHistogram();
        private final SingleVersionRecord record;
        private String written = "";

        DayCounts(SingleVersionRecord record) {
            this.record = record;
        }

        String json() {
            return histogram.json().toString();
        }
    }

    /**
     * Starts without counts.
     *
     * @param instance a name without slashes that is unique to this run of the process
     */
    public LatencyRecorder(ObjectStore backup, String instance, Clock clock) {
        this.records = new MetadataStore(backup);
        this.instance = instance;
        this.clock = clock;
    }

    /** Counts an object that became durable now. Does not block. */
    public void record(Duration latency) {
        LocalDate today = DailyHistory.day(clock.instant());
        synchronized (days) {
            DayCounts counts = days.computeIfAbsent(
                    today,
                    day -> new DayCounts(new SingleVersionRecord(
                            records, LatencyHistory.PREFIX + day + "/" + instance, Optional.empty())));
            counts.histogram.record(latency);
        }
    }

    /**
     * Writes the counts that changed since the last call. Blocks.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a record cannot be written; the next call retries
     */
    public synchronized void flush() {
        Map<DayCounts, String> latest = new LinkedHashMap<>();
        synchronized (days) {
            days.values().forEach(counts -> latest.put(counts, counts.json()));
        }
        latest.forEach((counts, json) -> {
            if (!json.equals(counts.written)) {
                counts.record.write(json);
                counts.written = json;
            }
        });
        synchronized (days) {
            days.headMap(DailyHistory.day(clock.instant()))
                    .values()
                    .removeIf(counts -> counts.json().equals(counts.written));
        }
    }
}
