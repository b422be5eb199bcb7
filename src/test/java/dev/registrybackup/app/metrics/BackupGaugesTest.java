package dev.registrybackup.app.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.replication.LastCanary;
import dev.registrybackup.replication.pending.QueueDepth;
import dev.registrybackup.restore.LastDrill;
import dev.registrybackup.verify.LastVerification;
import dev.registrybackup.verify.RestorableShare;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Gauges of records: before the first read, after it, and once they cannot be read any more. */
class BackupGaugesTest {
    private static final Instant ENDED = Instant.ofEpochSecond(1_800_000_060);

    private final SettableClock clock = new SettableClock();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    private static LastVerification.VerificationRecord said() {
        ObjectNode summary = JsonNodeFactory.instance.objectNode().put("startedAt", "2027-01-15T08:00:00Z");
        summary.putObject("images").put("complete", 3).put("incomplete", 1).put("unknown", 1);
        summary.putObject("severities").put("critical", 2).put("unknown", 1);
        return new LastVerification.VerificationRecord(summary, Optional.of(ENDED), Optional.of(ENDED));
    }

    private Map<String, Double> shown() {
        Map<String, Double> shown = new TreeMap<>();
        for (Meter meter : meters.getMeters()) {
            String tags = meter.getId().getTags().isEmpty()
                    ? ""
                    : "/" + meter.getId().getTags().get(0).getValue();
            meter.measure().forEach(measured -> shown.put(meter.getId().getName() + tags, measured.getValue()));
        }
        return shown;
    }

    private boolean isNothingKnown() {
        return shown().values().stream().allMatch(value -> value.isNaN());
    }

    @Test
    void theLastVerificationIsShownAsItIsOnRecord() {
        // Given
        StaleAwareGauge<LastVerification.VerificationRecord> seen = new StaleAwareGauge<>(meters, clock);
        BackupGauges.showVerification(seen);

        // When
        seen.set(said());

        // Then
        Map<String, Double> expected = new TreeMap<>();
        expected.put("registry_backup_verify_last_success_timestamp_seconds", 1_800_000_060.0);
        expected.put("registry_backup_images_restorable_share", 0.75);
        expected.put("registry_backup_images_restorable_timestamp_seconds", 1_800_000_000.0);
        expected.put("registry_backup_verify_findings/critical", 2.0);
        expected.put("registry_backup_verify_findings/error", 0.0);
        expected.put("registry_backup_verify_findings/warning", 0.0);
        expected.put("registry_backup_verify_findings/info", 0.0);
        expected.put("registry_backup_verify_findings/unknown", 1.0);
        assertEquals(expected, shown());
    }

    @Test
    void beforeTheFirstVerificationThereIsNothingButThatThereWasNone() {
        // Given
        StaleAwareGauge<LastVerification.VerificationRecord> seen = new StaleAwareGauge<>(meters, clock);
        BackupGauges.showVerification(seen);

        // When
        seen.set(new LastVerification.VerificationRecord(
                JsonNodeFactory.instance.objectNode(), Optional.empty(), Optional.empty()));

        // Then
        Map<String, Double> shown = shown();
        assertEquals(0.0, shown.remove("registry_backup_verify_last_success_timestamp_seconds"));
        assertTrue(shown.values().stream().allMatch(value -> value.isNaN()), shown::toString);
    }

    @Test
    void theShareOfItemsHasNoNumberBeforeTheFirstVerification() {
        // Given
        StaleAwareGauge<Optional<RestorableShare.ShareRecord>> seen = new StaleAwareGauge<>(meters, clock);
        BackupGauges.showItems(seen);
        seen.set(Optional.empty());
        boolean beforeTheFirst = isNothingKnown();

        // When
        seen.set(Optional.of(new RestorableShare.ShareRecord(ENDED, 4, 3)));

        // Then
        Map<String, Double> expected = new TreeMap<>();
        expected.put("registry_backup_imagestream_items_restorable_share", 0.75);
        expected.put("registry_backup_imagestream_items_restorable_timestamp_seconds", 1_800_000_060.0);
        assertTrue(beforeTheFirst);
        assertEquals(expected, shown());
    }

    @Test
    void aDrillIsShownAsItIsOnRecord() {
        // Given
        StaleAwareGauge<LastDrill.DrillRecord> seen = new StaleAwareGauge<>(meters, clock);
        BackupGauges.showDrill(seen);
        seen.set(new LastDrill.DrillRecord(
                Optional.empty(), Optional.empty(), 0, OptionalDouble.empty(), OptionalDouble.empty()));
        boolean beforeTheFirst = isNothingKnown();
        seen.set(new LastDrill.DrillRecord(
                Optional.of(ENDED), Optional.empty(), 5, OptionalDouble.empty(), OptionalDouble.empty()));
        double withoutSuccess = shown().getOrDefault("registry_backup_drill_last_success_timestamp_seconds", -1.0);

        // When
        seen.set(new LastDrill.DrillRecord(
                Optional.of(ENDED), Optional.of(ENDED), 0, OptionalDouble.of(1000), OptionalDouble.of(7200)));

        // Then
        Map<String, Double> expected = new TreeMap<>();
        expected.put("registry_backup_drill_last_success_timestamp_seconds", 1_800_000_060.0);
        expected.put("registry_backup_drill_failures", 0.0);
        expected.put("registry_backup_drill_bytes_per_second", 1000.0);
        expected.put("registry_backup_drill_expected_restore_seconds", 7200.0);
        assertTrue(beforeTheFirst);
        assertEquals(0.0, withoutSuccess);
        assertEquals(expected, shown());
    }

    @Test
    void aCanarysArrivalIsUnknownWhereNoneIsSentAndZeroBeforeTheFirst() {
        // Given
        String name = "registry_backup_canary_last_arrival_timestamp_seconds";
        StaleAwareGauge<LastCanary.CanaryRecord> seen = new StaleAwareGauge<>(meters, clock);
        BackupGauges.showCanary(seen);

        // When
        seen.set(new LastCanary.CanaryRecord(Optional.empty(), Optional.empty(), 0));
        double noneSent = shown().getOrDefault(name, -1.0);
        seen.set(new LastCanary.CanaryRecord(Optional.of(ENDED), Optional.empty(), 1));
        double noneArrived = shown().getOrDefault(name, -1.0);
        seen.set(new LastCanary.CanaryRecord(Optional.of(ENDED.plusSeconds(600)), Optional.of(ENDED), 1));
        double arrived = shown().getOrDefault(name, -1.0);

        // Then
        assertEquals(Double.NaN, noneSent);
        assertEquals(0.0, noneArrived);
        assertEquals(1_800_000_060.0, arrived);
    }

    @Test
    void pendingRecordsAreShownWithTheirAge() {
        // Given
        StaleAwareGauge<QueueDepth.QueueCounts> seen = new StaleAwareGauge<>(meters, clock);
        BackupGauges.showQueue(seen);

        // When
        seen.set(new QueueDepth.QueueCounts(7, Optional.of(ENDED), false, 0, false));

        // Then
        Map<String, Double> expected = new TreeMap<>();
        expected.put("registry_backup_pending_batches", 7.0);
        expected.put("registry_backup_pending_oldest_timestamp_seconds", 1_800_000_060.0);
        expected.put("registry_backup_rejected_records", 0.0);
        assertEquals(expected, shown());
    }

    @Test
    void afterTenMinutesWithoutAReadTheValueIsUnknown() {
        // Given
        StaleAwareGauge<BackupGauges.ReconcileValues> seen = new StaleAwareGauge<>(meters, clock);
        BackupGauges.showReconciliation(seen);
        boolean beforeTheFirst = isNothingKnown();
        BackupGauges.ReconcileValues looked =
                new BackupGauges.ReconcileValues(JsonNodeFactory.instance.objectNode(), Optional.of(ENDED), 2);
        seen.set(looked);
        clock.advance(Duration.ofMinutes(9));
        boolean afterNine = isNothingKnown();

        // When
        clock.advance(Duration.ofMinutes(1));
        boolean afterTen = isNothingKnown();
        seen.set(looked);

        // Then
        assertTrue(beforeTheFirst);
        assertEquals(false, afterNine);
        assertTrue(afterTen);
        assertEquals(2.0, shown().get("registry_backup_alarms"));
        assertEquals(1_800_000_060.0, shown().get("registry_backup_reconcile_last_success_timestamp_seconds"));
        assertEquals(0.0, shown().get("registry_backup_reconcile_remaining/blob"));
    }
}
