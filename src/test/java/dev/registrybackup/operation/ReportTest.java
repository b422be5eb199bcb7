package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final String FOLDER = "registry-backup/reports/op-1/";
    private static final Finding MISSING =
            new Finding(FindingCode.LAYER_LINK_MISSING, "team/app", "It has no \"link\"");

    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");

    private String text(String name) {
        return new String(backup.bytes(FOLDER + name), StandardCharsets.UTF_8);
    }

    @Test
    void eachFindingIsALineAndTheSummaryNamesItsObjects() {
        // Given
        Report report = new Report(backup, "op-1", true, () -> {});
        report.accept(MISSING);
        report.accept(MISSING);

        // When
        report.finish(JsonNodeFactory.instance.objectNode().put("outcome", "findings"));

        // Then
        String line =
                "{\"code\":\"LAYER_LINK_MISSING\",\"severity\":\"info\",\"subject\":\"team/app\",\"problem\":\"It has no \\\"link\\\"\"}\n";
        assertEquals(line + line, text("findings-1.ndjson"));
        assertEquals(
                "{\"outcome\":\"findings\",\"reports\":[\"%sfindings-1.ndjson\"]}".formatted(FOLDER),
                text("summary.json"));
    }

    @Test
    void withoutFindingsThereIsASummaryAlone() {
        // Given
        Report report = new Report(backup, "op-1", true, () -> {});

        // When
        report.finish(JsonNodeFactory.instance.objectNode());

        // Then
        assertEquals(List.of(FOLDER + "summary.json"), backup.keys(""));
        assertEquals("{\"reports\":[]}", text("summary.json"));
    }

    @Test
    void manyFindingsFillSeveralObjects() {
        // Given
        Report report = new Report(backup, "op-1", false, () -> {});
        Finding long1000 = new Finding(FindingCode.FOREIGN_OBJECT, "k".repeat(500), "p".repeat(500));
        int count = Report.PART_BYTES / 1000 + 1;

        // When
        for (int number = 0; number < count; number++) {
            report.accept(long1000);
        }
        report.flush();

        // Then
        List<String> parts = List.of(FOLDER + "findings-1.ndjson", FOLDER + "findings-2.ndjson");
        assertEquals(parts, backup.keys(FOLDER));
        assertEquals(
                count,
                parts.stream()
                        .mapToLong(part -> new String(backup.bytes(part), StandardCharsets.UTF_8)
                                .lines()
                                .count())
                        .sum());
        assertTrue(backup.bytes(parts.get(0)).length < Report.PART_BYTES + 2000);
    }

    @Test
    void withoutLeaveNothingIsWritten() {
        // Given
        Report report = new Report(backup, "op-1", false, () -> {
            throw new FencedException("told to stop");
        });
        report.accept(MISSING);

        // When
        assertThrows(FencedException.class, report::flush);

        // Then
        assertEquals(List.of(), backup.keys(""));
    }
}
