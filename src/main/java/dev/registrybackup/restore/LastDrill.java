package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The last restore drill, under {@value #KEY}: its summary, and when the last one succeeded. Each drill is also a figure
 * of its day in the {@link DailyHistory}. Blocks; throws
 * {@link dev.registrybackup.objectstore.ObjectStoreException} if the backup bucket cannot be read or written.
 */
public final class LastDrill {
    /** The record's key in the backup bucket. */
    public static final String KEY = RegistryLayout.METADATA_PREFIX + "drill/last";

    private static final String FINISHED = "finishedAt";
    private static final String SUCCEEDED = "lastSuccessAt";

    private final MetadataStore records;
    private final DailyHistory history;

    /**
     * The content of the record.
     *
     * @param finishedAt when the last drill finished, UTC; empty if there was none
     * @param lastSuccessAt when the last one finished that restored all its images, UTC; empty if there was none
     * @param failed how many images of the last one could not be restored
     * @param bytesPerSecond the speed of the last drill that restored all its images; empty if there was none
     * @param expectedRestoreSeconds how long a full restore would have taken at that speed
     */
    public record DrillRecord(
            Optional<Instant> finishedAt,
            Optional<Instant> lastSuccessAt,
            long failed,
            OptionalDouble bytesPerSecond,
            OptionalDouble expectedRestoreSeconds) {}

    /** Uses the record in this backup. */
    public LastDrill(ObjectStore backup) {
        this.records = new MetadataStore(backup);
        this.history = new DailyHistory(backup);
    }

    /** Reads the record; an empty one if there is none or it cannot be parsed. */
    public DrillRecord read() {
        ObjectNode json = records.read(KEY);
        return new DrillRecord(
                MetadataStore.parseTime(json, FINISHED),
                MetadataStore.parseTime(json, SUCCEEDED),
                json.path("failed").asLong(),
                number(json, "bytesPerSecond"),
                number(json, "expectedRestoreSeconds"));
    }

    private static OptionalDouble number(ObjectNode json, String name) {
        return json.path(name).isNumber() ? OptionalDouble.of(json.path(name).asDouble()) : OptionalDouble.empty();
    }

    /** Records a drill. The summary of a failed drill has no rates, so the record keeps those measured before. */
    void write(ObjectNode summary, boolean isSuccess, Instant finishedAt) {
        records.update(KEY, json -> {
            json.setAll(summary);
            MetadataStore.putTime(json, FINISHED, Optional.of(finishedAt));
            if (isSuccess) {
                MetadataStore.putTime(json, SUCCEEDED, Optional.of(finishedAt));
            }
            return json;
        });
        LocalDate day = DailyHistory.day(finishedAt);
        DailyHistory.attempt(() -> history.update(
                DailyHistory.DRILL,
                day,
                days -> days.putObject(day.toString())
                        .setAll(summary.deepCopy()
                                .retain("images", "failed", "bytesPerSecond", "expectedRestoreSeconds"))));
    }
}
