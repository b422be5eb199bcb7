package dev.registrybackup.app.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.micrometer.core.instrument.Meter;
import io.micrometer.prometheus.PrometheusNamingConvention;
import org.junit.jupiter.api.Test;

class RestorableGaugesTest {
    @Test
    @SuppressWarnings("deprecation") // the convention that is in use here
    void theTimesUnitEndsItsName() {
        // When
        String name = new PrometheusNamingConvention()
                .name(RestorableGauges.TIMESTAMP, Meter.Type.GAUGE, RestorableGauges.TIMESTAMP_UNIT);

        // Then
        assertEquals("registry_backup_imagestream_items_restorable_timestamp_seconds", name);
    }
}
