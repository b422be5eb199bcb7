package dev.registrybackup.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The content of {@code knative/monitoring}. */
final class MonitoringFiles {
    /** The tests of the alerts for promtool: a folder, and the files to run. */
    static final Path TESTS = Path.of("src/test/resources/monitoring");

    static final List<String> TEST_FILES = List.of("rules-test.yaml", "rules-days-test.yaml");

    private static final Path DIRECTORY = Path.of("knative/monitoring");

    private MonitoringFiles() {}

    static JsonNode yaml(Path file) {
        return read(new YAMLMapper(), file);
    }

    private static JsonNode read(ObjectMapper mapper, Path file) {
        try {
            return mapper.readTree(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The rules as Prometheus reads them: the PrometheusRule's spec. */
    static JsonNode rules() {
        return yaml(DIRECTORY.resolve("rules.yaml")).path("spec");
    }

    static List<JsonNode> alerts() {
        return rules().findParents("alert");
    }

    static JsonNode dashboard() {
        return read(new ObjectMapper(), DIRECTORY.resolve("dashboard.json"));
    }

    /** All metrics that an alert or a panel uses. */
    static Set<String> asked() {
        Set<String> asked = new TreeSet<>();
        alerts().forEach(alert -> asked.addAll(MetricNames.of(alert.path("expr").asText())));
        dashboard().findValuesAsText("expr").forEach(expression -> asked.addAll(MetricNames.of(expression)));
        return asked;
    }
}
