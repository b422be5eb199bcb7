package dev.registrybackup.app.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.app.Wiring;
import dev.registrybackup.reconcile.ReconcilePolicy;
import dev.registrybackup.reconcile.rclone.Archive;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of what reconcile is configured with, and what of it stops the start. */
class ReconcileSettingsTest {
    private static ReconcileSettings with(Map<String, String> given) {
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(ReconcileConfiguration.class)
                .withMapping(ArchiveConfiguration.class)
                .withSources(new PropertiesConfigSource(given, "test", 100))
                .build();
        return new ReconcileSettings(
                config.getConfigMapping(ReconcileConfiguration.class),
                config.getConfigMapping(ArchiveConfiguration.class));
    }

    @Test
    void anArchiveIsWhereItIsSaidToBe() {
        // When
        Optional<Archive.Destination> archive = with(Map.of(
                        "archive.remote", "dr:bucket", "archive.backup-dir", "dr:aside"))
                .archive();

        // Then
        assertEquals(
                Optional.of(new Archive.Destination("dr:bucket", Optional.of("dr:aside"), false, Duration.ofDays(90))),
                archive);
        assertEquals(Optional.empty(), with(Map.of()).archive());
    }

    @ParameterizedTest
    @CsvSource({
        "archive.backup-dir, dr:aside, archive.remote, ''",
        "archive.backup-dir, dr:bucket, archive.remote, dr:bucket",
        "archive.deletes, sometimes, archive.remote, dr:bucket"
    })
    void anArchiveThatCannotBeIsRefused(String property, String value, String other, String otherValue) {
        // Given
        Map<String, String> given = new HashMap<>(Map.of(property, value));
        given.put(other, otherValue);

        // When
        ConfigurationException problem =
                assertThrows(ConfigurationException.class, () -> with(given).archive());

        // Then
        assertTrue(String.valueOf(problem.getMessage()).contains(property), problem::getMessage);
    }

    @Test
    void withoutAnySettingNothingIsEverRemoved() {
        // When
        ReconcileSettings settings = with(Map.of());

        // Then
        ReconcilePolicy reconcilePolicy = settings.policy();
        assertFalse(reconcilePolicy.isMirror());
        assertEquals(Duration.ofDays(30), reconcilePolicy.retention());
        assertEquals(0.1, reconcilePolicy.alarmShare());
        assertEquals("rclone", settings.rclone());
        assertEquals(Path.of("/tmp"), settings.scratch());
    }

    @Test
    void linksAreCheckedOnlyOnceEveryProcessHasForgottenWhatItTookForDurable() {
        // When
        ReconcilePolicy reconcilePolicy =
                with(Map.of("reconcile.deletes", "mirror")).policy();

        // Then
        assertTrue(reconcilePolicy.isMirror());
        assertTrue(reconcilePolicy.durableKeyTtl().compareTo(Wiring.DURABLE_KEY_TTL) > 0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "reconcile.deletes      | delete | is \"delete\" but can be keep or mirror",
                "reconcile.deletes      | MIRROR | is \"MIRROR\" but can be keep or mirror",
                "reconcile.retention    | PT59M  | is PT59M but has to be an hour or more",
                "reconcile.retention    | -P1D   | is PT-24H but has to be an hour or more",
                "reconcile.alarm-share  | 0      | is 0.0 but has to be above 0 and up to 1",
                "reconcile.alarm-share  | 1.1    | is 1.1 but has to be above 0 and up to 1",
                "reconcile.alarm-share  | NaN    | is NaN but has to be above 0 and up to 1",
                "reconcile.alarm-number | 0      | is 0 but has to be 1 or more",
                "reconcile.event-lag-threshold | -PT1S  | is PT-1S but has to be 0 or more",
                "reconcile.shard-size    | 0      | is 0 but has to be 1 or more",
            })
    void whatCannotWorkIsNamed(String property, String value, String message) {
        // Given
        ReconcileSettings settings = with(Map.of(property, value));

        // When
        ConfigurationException problem = assertThrows(ConfigurationException.class, settings::policy);

        // Then
        String said = String.valueOf(problem.getMessage());
        assertTrue(said.contains(property) && said.contains(message), said);
    }
}
