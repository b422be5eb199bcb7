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
 * Counts how soon this instance's objects became durable, and writes a small record a day to the backup bucket, a key
 * of its own for each instance: {@code registry-backup/history/latency/<day>/<instance>}. {@link LatencyHistory} adds
 * them up. An instance that is killed loses what it counted since its last write. Safe for use by many threads.
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
     * Counts for this instance.
     *
     * @param instance this process's name, new with each start, without slashes
     */
    public LatencyRecorder(ObjectStore backup, String instance, Clock clock) {
        this.records = new MetadataStore(backup);
        this.instance = instance;
        this.clock = clock;
    }

    /** Counts an object that has become durable now. Does not block. */
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
     * Writes what was counted since the last call. Blocks.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if it cannot be written; the next call tries again
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
