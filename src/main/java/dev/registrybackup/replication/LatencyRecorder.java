package dev.registrybackup.replication;

import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.SingleVersionRecord;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
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
        private boolean isWritten;

        DayCounts(SingleVersionRecord record) {
            this.record = record;
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
            counts.isWritten = false;
        }
    }

    /**
     * Writes the counts that changed since the last call. Blocks.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if a record cannot be written; the next call retries
     */
    public synchronized void flush() {
        List<DayCounts> unwritten;
        synchronized (days) {
            unwritten =
                    days.values().stream().filter(counts -> !counts.isWritten).toList();
        }
        for (DayCounts counts : unwritten) {
            String json;
            synchronized (days) {
                json = counts.histogram.json().toString();
                counts.isWritten = true;
            }
            try {
                counts.record.write(json);
            } catch (RuntimeException e) {
                synchronized (days) {
                    counts.isWritten = false;
                }
                throw e;
            }
        }
        synchronized (days) {
            days.headMap(DailyHistory.day(clock.instant())).values().removeIf(counts -> counts.isWritten);
        }
    }
}
