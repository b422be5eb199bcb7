package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.StoreError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReportReaderTest {
    private static final String PREFIX = "registry-backup/reports/";
    private static final String FIRST = "20260304T050607Z-00000003";
    private static final String SECOND = "20260304T050608Z-00000002";
    private static final String THIRD = "20260305T000000Z-00000001";

    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup");
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final ReportReader reportReader = new ReportReader(backup);

    private ReportWriter report(String id) {
        return new ReportWriter(bucket, id, false, () -> {});
    }

    private void finish(String id) {
        report(id).finish(JsonNodeFactory.instance.objectNode().put("id", id));
    }

    private void seed(String key, String text) {
        bucket.seed(PREFIX + key, text.getBytes(StandardCharsets.UTF_8));
    }

    private List<Finding> findings(String id) {
        List<Finding> found = new ArrayList<>();
        reportReader.forEachFinding(id, found::add);
        return found;
    }

    private static Finding finding(String subject) {
        return new Finding(FindingCode.BLOB_MISSING, subject, "It is not \"there\"");
    }

    private static String line(String code, String subject) {
        return "{\"code\":\"%s\",\"severity\":\"info\",\"subject\":\"%s\",\"problem\":\"p\"}\n"
                .formatted(code, subject);
    }

    @Test
    void theNewestComeFirstAndNoMoreThanAreAskedFor() {
        // Given
        finish(SECOND);
        finish(THIRD);
        finish(FIRST);

        // When
        List<List<String>> ids =
                IntStream.rangeClosed(0, 4).mapToObj(reportReader::newestIds).toList();

        // Then
        assertEquals(
                List.of(
                        List.of(),
                        List.of(THIRD),
                        List.of(THIRD, SECOND),
                        List.of(THIRD, SECOND, FIRST),
                        List.of(THIRD, SECOND, FIRST)),
                ids);
    }

    @Test
    void anUnfinishedReportIsNotAReport() {
        // Given
        finish(FIRST);
        seed(SECOND + "/findings-1.ndjson", line("BLOB_MISSING", "a"));
        seed(SECOND + "/deeper/summary.json", "{}");
        seed("summary.json", "{}");

        // When
        List<String> ids = reportReader.newestIds(10);

        // Then
        assertEquals(List.of(FIRST), ids);
    }

    @Test
    void aSummaryIsReadAsItWasWritten() {
        // Given
        finish(FIRST);
        finish(SECOND);

        // When
        Optional<ObjectNode> summary = reportReader.readSummary(FIRST);

        // Then
        assertEquals(
                "{\"id\":\"%s\",\"reports\":[]}".formatted(FIRST),
                summary.orElseThrow().toString());
    }

    @Test
    void aMissingOrMalformedRecordIsNotASummary() {
        // Given
        seed(SECOND + "/summary.json", "[]");
        seed(THIRD + "/summary.json", "{\"cut");

        // When
        List<Optional<ObjectNode>> summaries = List.of(
                reportReader.readSummary(FIRST), reportReader.readSummary(SECOND), reportReader.readSummary(THIRD));

        // Then
        assertEquals(List.of(Optional.empty(), Optional.empty(), Optional.empty()), summaries);
    }

    @Test
    void anUnavailableStoreIsNoMissingReport() {
        // Given
        backup.failAlways(StoreError.UNAVAILABLE, "The store is away");

        // Then
        assertThrows(ObjectStoreException.class, () -> reportReader.newestIds(1));
        assertThrows(ObjectStoreException.class, () -> reportReader.readSummary(FIRST));
        assertThrows(ObjectStoreException.class, () -> findings(FIRST));
    }

    @Test
    void findingsAreReadAsTheyWereFound() {
        // Given
        ReportWriter reportWriter = report(FIRST);
        reportWriter.accept(finding("a"));
        reportWriter.flush();
        reportWriter.accept(finding("b"));
        reportWriter.accept(finding("c"));
        reportWriter.flush();
        report(SECOND).finish(JsonNodeFactory.instance.objectNode());

        // When
        List<Finding> found = findings(FIRST);

        // Then
        assertEquals(List.of(finding("a"), finding("b"), finding("c")), found);
        assertEquals(List.of(), findings(SECOND));
        assertEquals(List.of(), findings(THIRD));
    }

    @Test
    void nothingStaysOpenWhileAFindingIsConfirmed() {
        // Given
        ReportWriter reportWriter = report(FIRST);
        reportWriter.accept(finding("a"));
        reportWriter.accept(finding("b"));
        reportWriter.flush();
        List<Integer> open = new ArrayList<>();

        // When
        reportReader.forEachFinding(FIRST, finding -> open.add(backup.openNow()));

        // Then
        assertEquals(List.of(0, 0), open);
    }

    @Test
    void aPartThatIsFullIsReadWithTheLineThatFilledIt() {
        // Given
        ReportWriter reportWriter = report(FIRST);
        String subject = "s".repeat(ReportWriter.FILE_BYTES - 1_000);
        reportWriter.accept(finding(subject));
        reportWriter.accept(finding(subject));
        reportWriter.flush();

        // When
        List<Finding> found = findings(FIRST);

        // Then
        assertEquals(List.of(finding(subject), finding(subject)), found);
    }

    @Test
    void theTenthFileComesAfterTheNinth() {
        // Given
        for (int number = 1; number <= 11; number++) {
            seed(FIRST + "/findings-%d.ndjson".formatted(number), line("BLOB_MISSING", "%d".formatted(number)));
        }

        // When
        List<String> subjects = findings(FIRST).stream().map(Finding::subject).toList();

        // Then
        assertEquals(IntStream.rangeClosed(1, 11).mapToObj(String::valueOf).toList(), subjects);
    }

    @Test
    void linesThatNobodyHereUnderstandsAreLeftOut() {
        // Given
        seed(FIRST + "/findings-1.ndjson", line("ALL_NEW", "a") + "no JSON\n\n[]\n{}\n" + line("BLOB_MISSING", "b"));

        // When
        List<Finding> found = findings(FIRST);

        // Then
        assertEquals(List.of(new Finding(FindingCode.BLOB_MISSING, "b", "p")), found);
    }

    @Test
    void aFileThatCannotBeReadToItsEndIsAFailure() {
        // Given
        seed(FIRST + "/findings-1.ndjson", line("BLOB_MISSING", "a"));
        backup.transformRead(ReportReaderTest::failing);

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> findings(FIRST));

        // Then
        assertEquals(
                "Failed to read %s%s/findings-1.ndjson to its end: cut".formatted(PREFIX, FIRST), failure.getMessage());
        assertEquals(StoreError.UNAVAILABLE, failure.error());
    }

    private static OpenObject failing(OpenObject opened) {
        return InMemoryObjectStore.openObject(opened.info(), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("cut");
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                throw new IOException("cut");
            }
        });
    }
}
