package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.app.config.Configuration;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The documentation matches the code. */
class ReadmeTest {
    private static final Pattern ROW = Pattern.compile("\\| `([a-z]+\\.[a-z-]+)` \\| (?:`([^`]*)`)? *\\|");
    private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT|Contract))`");

    private static String page(String name) throws IOException {
        return Files.readString(Path.of("docs", name));
    }

    @Test
    void theReadmeIsReadInFiveMinutes() throws IOException {
        assertTrue(Files.readAllLines(Path.of("README.md")).size() <= 150);
    }

    @ParameterizedTest
    @ValueSource(strings = {"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs"})
    void eachLinkLeadsSomewhere(String start) throws IOException {
        // Given
        Pattern link = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");
        List<Path> pages;
        try (Stream<Path> files = Files.walk(Path.of(start))) {
            pages = files.filter(file -> file.toString().endsWith(".md")).toList();
        }

        // When
        List<String> dead = new ArrayList<>();
        for (Path page : pages) {
            link.matcher(Files.readString(page))
                    .results()
                    .map(match -> match.group(1))
                    .filter(target -> Files.notExists(page.resolveSibling(target)))
                    .forEach(target -> dead.add(page + " -> " + target));
        }

        // Then
        assertEquals(List.of(), dead);
    }

    @Test
    void itsConfigurationTableHasEachPropertyWithItsDefault() throws IOException {
        // When
        SortedMap<String, String> documented = new TreeMap<>();
        Matcher rows = ROW.matcher(page("configuration.md"));
        while (rows.find()) {
            documented.put(rows.group(1), rows.group(2) == null ? "" : rows.group(2));
        }

        // Then
        assertEquals(properties(), documented);
    }

    @Test
    void theManifestsSetNothingThatIsNoProperty() throws IOException {
        // Given
        Set<String> variables = properties().keySet().stream()
                .map(property -> property.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"))
                .collect(Collectors.toSet());

        // When
        Set<String> set = new TreeSet<>();
        Pattern name = Pattern.compile("(?m)^[# ]+(?:- name: |key: )?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:: |$)");
        try (Stream<Path> all = Files.walk(Path.of("knative"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Matcher names = name.matcher(Files.readString(file));
                while (names.find()) {
                    // A target has the keys of the registry, after a name that its user gives it.
                    set.add(names.group(1).replaceFirst("^RESTORE_TARGETS_[A-Z0-9]+_", "REGISTRY_"));
                }
            }
        }

        // Then
        assertTrue(set.containsAll(Set.of("BACKUP_SECRET_KEY", "REGISTRY_STORAGE_S3_BUCKET")), set::toString);
        // What the stock registry in knative/standby reads, rclone, any Go program, and the store in overlays/kind.
        set.removeIf(foreign -> foreign.startsWith("REGISTRY_STORAGE")
                || foreign.startsWith("MINIO_")
                || foreign.equals("MC_CONFIG_DIR")
                || foreign.startsWith("RCLONE_CONFIG_")
                || foreign.equals("SSL_CERT_DIR"));
        set.removeAll(variables);
        assertEquals(Set.of(), set);
    }

    /** The properties that are known, with their defaults; those of targets are documented as one. */
    private static SortedMap<String, String> properties() {
        SortedMap<String, String> known = new TreeMap<>();
        ConfigClass.configClass(Configuration.class)
                .getProperties()
                .forEach((name, value) -> known.put(name, Objects.requireNonNullElse(value, "")));
        known.keySet().removeIf(name -> name.startsWith("restore.targets.") || name.endsWith("[*]"));
        known.put("restore.targets", "");
        return known;
    }

    @Test
    void theDesignNamesEachKindOfRecordInTheBackupBucket() throws IOException {
        // Given
        Pattern prefix = Pattern.compile("(?:METADATA_PREFIX \\+ \"|\"registry-backup/)([a-z/-]+)\"");
        String design = page("design.md");

        // When
        Set<String> records = new TreeSet<>();
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                prefix.matcher(Files.readString(file)).results().forEach(match -> records.add(match.group(1)));
            }
        }

        // Then
        assertTrue(records.size() > 15, records::toString);
        records.removeIf(record -> design.contains("`" + record));
        assertEquals(Set.of(), records);
    }

    @Test
    void eachTestThatItNamesIsThere() throws IOException {
        // Given
        List<String> files;
        try (Stream<Path> all = Files.walk(Path.of("src/test/java"))) {
            files = all.map(file -> file.getFileName().toString()).toList();
        }

        // When
        Matcher names = TEST.matcher(page("guarantees.md"));

        // Then
        while (names.find()) {
            assertTrue(files.contains(names.group(1) + ".java"), names.group(1));
        }
    }

    @Test
    void itsTablesOfMetricsHaveEachThatTheCodeHas() throws IOException {
        // Given
        Set<String> written = Pattern.compile("(?m)^\\| `_([a-z_]+)` \\|")
                .matcher(page("metrics.md"))
                .results()
                .map(name -> "registry_backup_" + name.group(1))
                .collect(Collectors.toCollection(TreeSet::new));

        // When
        Set<String> unknown = MetricNames.unknown(written);
        Set<String> missing = MetricNames.missingFrom(written);

        // Then
        assertTrue(written.size() > 25, written::toString);
        assertEquals(Set.of(), unknown);
        assertEquals(Set.of(), missing);
    }
}
