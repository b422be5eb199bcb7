package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportWriterTest {
    private static final String PREFIX = "registry-backup/reports/op-1/";
    private static final Finding MISSING =
            new Finding(FindingCode.LAYER_LINK_MISSING, "team/app", "It has no \"link\"");

    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");

    private String text(String name) {
        return new String(backup.bytes(PREFIX + name), StandardCharsets.UTF_8);
    }

    @Test
    void eachFindingIsALineAndTheSummaryListsItsObjects() {
        // Given
        ReportWriter reportWriter = new ReportWriter(backup, "op-1", true, () -> {});
        reportWriter.accept(MISSING);
        reportWriter.accept(MISSING);

        // When
        reportWriter.finish(JsonNodeFactory.instance.objectNode().put("outcome", "findings"));

        // Then
        String line = "{\"code\":\"LAYER_LINK_MISSING\",\"subject\":\"team/app\",\"problem\":\"It has no"
                + " \\\"link\\\"\",\"severity\":\"info\"}\n";
        assertEquals(line + line, text("findings-1.ndjson"));
        assertEquals(
                "{\"outcome\":\"findings\",\"reports\":[\"%sfindings-1.ndjson\"]}".formatted(PREFIX),
                text("summary.json"));
    }

    @Test
    void withoutFindingsThereIsASummaryAlone() {
        // Given
        ReportWriter reportWriter = new ReportWriter(backup, "op-1", true, () -> {});

        // When
        reportWriter.finish(JsonNodeFactory.instance.objectNode());

        // Then
        assertEquals(List.of(PREFIX + "summary.json"), backup.keys(""));
        assertEquals("{\"reports\":[]}", text("summary.json"));
    }

    @Test
    void manyFindingsFillSeveralObjects() {
        // Given
        ReportWriter reportWriter = new ReportWriter(backup, "op-1", false, () -> {});
        Finding long1000 = new Finding(FindingCode.UNKNOWN_OBJECT, "k".repeat(500), "p".repeat(500));
        int count = ReportWriter.FILE_BYTES / 1000 + 1;

        // When
        for (int number = 0; number < count; number++) {
            reportWriter.accept(long1000);
        }
        reportWriter.flush();

        // Then
        List<String> parts = List.of(PREFIX + "findings-1.ndjson", PREFIX + "findings-2.ndjson");
        assertEquals(parts, backup.keys(PREFIX));
        assertEquals(
                count,
                parts.stream()
                        .mapToLong(part -> new String(backup.bytes(part), StandardCharsets.UTF_8)
                                .lines()
                                .count())
                        .sum());
        assertTrue(backup.bytes(parts.get(0)).length < ReportWriter.FILE_BYTES + 2000);
    }

    @Test
    void nothingIsWrittenOnceFenced() {
        // Given
        ReportWriter reportWriter = new ReportWriter(backup, "op-1", false, () -> {
            throw new FencedException("stopped");
        });
        reportWriter.accept(MISSING);

        // When
        assertThrows(FencedException.class, reportWriter::flush);

        // Then
        assertEquals(List.of(), backup.keys(""));
    }
}
