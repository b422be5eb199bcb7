package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.registrybackup.lab.Promtool;
import dev.registrybackup.lab.RequiresRealStack;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The alerts of {@code knative/monitoring}, evaluated by Prometheus' promtool. */
@RequiresRealStack("promtool")
class AlertsIT {
    private final Path directory;

    AlertsIT(@TempDir Path directory) {
        this.directory = directory;
    }

    private Path write(String name, JsonNode rules) throws IOException {
        Path file = directory.resolve(name);
        new YAMLMapper().writeValue(file.toFile(), rules);
        return file;
    }

    private Path copy(String test) throws IOException {
        return Files.copy(MonitoringFiles.TESTS.resolve(test), directory.resolve(test));
    }

    /** Without annotations, which promtool would want repeated word by word with each alert expected. */
    private static ObjectNode bareRules() {
        ObjectNode rules = (ObjectNode) MonitoringFiles.rules();
        rules.findParents("annotations").forEach(rule -> ((ObjectNode) rule).remove("annotations"));
        return rules;
    }

    @Test
    void prometheusReadsTheRulesAsTheyAre() throws IOException {
        // Given
        Path rules = write("rules.yaml", MonitoringFiles.rules());

        // When
        String said = Promtool.check(rules);

        // Then
        assertTrue(
                said.contains("SUCCESS: %d rules found"
                        .formatted(MonitoringFiles.alerts().size())),
                said);
    }

    @ParameterizedTest
    @FieldSource("dev.registrybackup.app.MonitoringFiles#TEST_FILES")
    void eachAlertFiresWhereItShouldAndNowhereElse(String tests) throws IOException {
        // Given
        write("rules.yaml", bareRules());
        copy("unknown.yaml");
        Path copied = copy(tests);

        // When
        String said = Promtool.test(copied);

        // Then
        assertTrue(said.contains("SUCCESS"), said);
    }

    @Test
    void anAlertThatHasAnotherThresholdThanItsTestFails() throws IOException {
        // Given
        ObjectNode rules = bareRules();
        rules.findParents("alert").stream()
                .filter(alert -> alert.path("alert").asText().equals("RegistryBackupAlarm"))
                .forEach(alert -> ((ObjectNode) alert).put("expr", "registry_backup_alarms > 1"));
        write("rules.yaml", rules);
        Path tests = copy("rules-test.yaml");

        // When
        IllegalStateException thrown = assertThrows(IllegalStateException.class, () -> Promtool.test(tests));

        // Then
        assertTrue(String.valueOf(thrown.getMessage()).contains("RegistryBackupAlarm"), thrown::getMessage);
    }
}
