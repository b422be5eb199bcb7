package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The alerts and the dashboard of {@code knative/monitoring}. */
class MonitoringTest {
    private static Set<String> alertsExpected(boolean isFiring) {
        Set<String> names = new TreeSet<>();
        for (String file : MonitoringFiles.TEST_FILES) {
            for (JsonNode expected :
                    MonitoringFiles.yaml(MonitoringFiles.TESTS.resolve(file)).findParents("alertname")) {
                if (expected.path("exp_alerts").isEmpty() != isFiring) {
                    names.add(expected.path("alertname").asText());
                }
            }
        }
        return names;
    }

    private static Set<String> alertNames() {
        return MonitoringFiles.alerts().stream()
                .map(alert -> alert.path("alert").asText())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void eachAlertIsTestedForFiringAndForNotFiring() {
        // When
        Set<String> names = alertNames();

        // Then
        assertEquals(names, alertsExpected(true));
        assertEquals(names, alertsExpected(false));
    }

    @Test
    void eachAlertSaysHowBadItIsAndWhatToDo() throws IOException {
        // Given
        Set<String> headings = Files.readString(Path.of("docs/operations.md"))
                .lines()
                .filter(line -> line.startsWith("#"))
                .map(MonitoringTest::anchor)
                .collect(Collectors.toSet());

        // When
        List<JsonNode> alerts = MonitoringFiles.alerts();

        // Then
        for (JsonNode alert : alerts) {
            String name = alert.path("alert").asText();
            assertTrue(
                    Set.of("critical", "warning")
                            .contains(alert.path("labels").path("severity").asText()),
                    name);
            JsonNode annotations = alert.path("annotations");
            assertFalse(annotations.path("summary").asText().isEmpty(), name);
            assertFalse(annotations.path("description").asText().isEmpty(), name);
            assertEquals(
                    "https://registrybackup.dev/registry-backup/docs/operations.md#" + name.toLowerCase(Locale.ROOT),
                    annotations.path("runbook_url").asText());
            assertTrue(headings.contains(name.toLowerCase(Locale.ROOT)), () -> "No runbook for " + name);
        }
    }

    /** As GitHub makes them of headings. */
    private static String anchor(String heading) {
        return heading.replaceFirst("^#+ ", "")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^a-z0-9 _-]", "")
                .replace(' ', '-');
    }

    @Test
    void alertsAndPanelsAskForMetricsThatThereAre() {
        // When
        Set<String> asked = MonitoringFiles.asked();

        // Then
        assertTrue(
                asked.containsAll(Set.of(
                        "up",
                        "registry_backup_replication_latency_seconds_bucket",
                        "registry_backup_alarms",
                        "registry_backup_copied_bytes_total")),
                asked::toString);
        assertEquals(Set.of(), MetricNames.unknown(asked));
    }

    @Test
    void whatAnAlertAsksForIsOnTheDashboard() {
        // When
        Set<String> alerted = new TreeSet<>();
        MonitoringFiles.alerts()
                .forEach(alert ->
                        alerted.addAll(MetricNames.of(alert.path("expr").asText())));
        MonitoringFiles.dashboard()
                .findValuesAsText("expr")
                .forEach(expression -> alerted.removeAll(MetricNames.of(expression)));

        // Then
        assertEquals(Set.of(), alerted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sum by (namespace, le) (rate(registry_backup_lost_total{class=\"blob\"}[5m])) > 0 |"
                        + " registry_backup_lost_total",
                "time() - max(registry_backup_owed_keys) > 7200 and on (pod) up == 1 | registry_backup_owed_keys",
                "registry_backup_alarms_bucket | registry_backup_alarms_bucket",
                "label_replace(absent(upp{job=\"a\"} == 1), \"service\", \"registry_backup_x\", \"\", \"\") | upp",
            })
    void aMetricThatThereIsNotIsNoticed(String expression, String name) {
        // When
        Set<String> unknown = MetricNames.unknown(MetricNames.of(expression));

        // Then
        assertEquals(Set.of(name), unknown);
    }

    @Test
    void eachPanelHasADescriptionAndQueriesTheChosenNamespace() {
        // When
        List<JsonNode> panels = MonitoringFiles.dashboard().findParents("targets");

        // Then
        assertTrue(panels.size() > 15);
        for (JsonNode panel : panels) {
            String title = panel.path("title").asText();
            assertFalse(panel.path("description").asText().isEmpty(), title);
            for (String expression : panel.findValuesAsText("expr")) {
                assertTrue(expression.contains("{namespace=~\"$namespace\""), expression);
            }
        }
        List<Integer> ids = MonitoringFiles.dashboard().findParents("gridPos").stream()
                .map(panel -> panel.path("id").asInt())
                .toList();
        assertEquals(ids.size(), Set.copyOf(ids).size());
    }

    @Test
    void theConsolesDashboardShowsWhatGrafanasDoesInPanelsThatItDraws() throws IOException {
        // When
        JsonNode console = new ObjectMapper()
                .readTree(Path.of("knative/monitoring/openshift-console/dashboard.json")
                        .toFile());

        // Then
        assertEquals(
                MonitoringFiles.dashboard().findValuesAsText("expr"),
                console.findValuesAsText("expr"),
                "make it again: the head of console.jq says how");
        console.path("panels")
                .forEach(panel -> assertTrue(
                        Set.of("row", "graph", "singlestat")
                                .contains(panel.path("type").asText()),
                        panel::toString));
    }
}
