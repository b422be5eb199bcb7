package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.AcknowledgedFindings;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.verify.Verification.VerificationResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The report and the catalog that a verification leaves in the backup. */
class VerificationTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String APP = "team/app";
    private static final String REPORT = "registry-backup/reports/op-1/";
    private static final String DOCUMENTS = "registry-backup/catalog/";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final InMemoryObjectStore registryBucket = new InMemoryObjectStore("registry", false, clock);
    private final RecordingObjectStore registryStore = new RecordingObjectStore(registryBucket);

    @AutoClose
    private final WorkerPools workerPools = new WorkerPools(4, 2);

    private final RandomRegistry registry = new RandomRegistry(6);
    private final Digest layer = registry.layer(APP, 500);
    private final Digest image = registry.image(APP, layer);
    private final Digest other = registry.image("team/other", registry.layer("team/other", 500));

    private ObjectStore store(String name) {
        return name.equals("backup") ? backup : registryStore;
    }

    private VerificationResult verify(String request) {
        return verify(request, false);
    }

    private VerificationResult verify(String request, boolean isOpenShift) {
        return new Verification(
                        name -> new RegistryStore(store(name), registry.layout()),
                        backup,
                        workerPools,
                        RateLimiter.unlimited(),
                        isOpenShift,
                        clock,
                        Optional.empty())
                .run("op-1", VerifierFixture.request(request), new OperationContext(() -> {}, new ProgressTracker()))
                .orElseThrow();
    }

    private void copyAll() {
        registry.writeTo(bucket::seed);
        registry.writeTo(registryBucket::seed);
    }

    private JsonNode json(String key) {
        return TestJson.parse(bucket.bytes(key));
    }

    private Catalog catalog() {
        return new Catalog(new RegistryStore(backup, registry.layout()), workerPools, clock, Optional.empty());
    }

    private JsonNode catalogDocument(String repository) {
        return json(DOCUMENTS + repository + "/_repository.json");
    }

    @Test
    void aGoodBackupHasASummaryAndNoFindings() {
        // Given
        copyAll();

        // When
        VerificationResult result = verify("{}");

        // Then
        assertEquals(List.of(REPORT + "summary.json"), bucket.keys(REPORT));
        assertEquals(
                "{\"store\":\"backup\",\"scope\":{\"all\":true},\"depth\":\"existence\",\"startedAt\":\"%1$s\",\"finishedAt\":\"%1$s\",\"objects\":%2$d,\"bytes\":%3$d,\"images\":{\"complete\":2,\"incomplete\":0,\"unknown\":0},\"findings\":{},\"severities\":{},\"outcome\":\"ok\",\"reports\":[]}"
                        .formatted(
                                SettableClock.START,
                                registry.keys().size(),
                                registry.content(registry.blobKey(image)).length
                                        + registry.content(registry.blobKey(other)).length),
                json(REPORT + "summary.json").toString());
        assertEquals(json(REPORT + "summary.json").toString(), result.summary().toString());
        assertFalse(result.hasFindings());
        assertFalse(result.hasUnknown());
    }

    @Test
    void anAcknowledgedFindingIsReportedAsSuchUntilItsTimeHasCome() {
        // Given
        copyAll();
        bucket.delete(registry.blobKey(layer), Optional.empty());
        AcknowledgedFindings acknowledged = new AcknowledgedFindings(bucket, clock);
        Map<String, Long> before = codes();
        Instant until = clock.instant().plus(Duration.ofDays(30));

        // When
        acknowledged.acknowledge(FindingCode.BLOB_MISSING, layer.toString(), until, "alice");
        acknowledged.acknowledge(FindingCode.BLOB_MISSING, "sha256:another", until, "alice");
        Map<String, Long> meanwhile = codes();
        JsonNode severities = json(REPORT + "summary.json").path("severities");
        clock.advance(Duration.ofDays(30));
        Map<String, Long> after = codes();

        // Then
        assertTrue(before.containsKey("BLOB_MISSING"), before::toString);
        assertEquals(before.get("BLOB_MISSING"), meanwhile.get("ACKNOWLEDGED"));
        assertFalse(meanwhile.containsKey("BLOB_MISSING"), meanwhile::toString);
        assertFalse(severities.has("critical"), severities::toString);
        assertEquals(before, after);
        assertEquals(0, acknowledged.list().path("findings").size());
    }

    @Test
    void aFindingIsNotAcknowledgedUntilATimeThatIsOver() {
        // Given
        AcknowledgedFindings acknowledged = new AcknowledgedFindings(bucket, clock);

        // When
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class,
                () -> acknowledged.acknowledge(FindingCode.BLOB_MISSING, "sha256:0a", clock.instant(), "alice"));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).contains("must expire in the future"));
        assertEquals(0, acknowledged.list().path("findings").size());
    }

    private Map<String, Long> codes() {
        Map<String, Long> codes = new TreeMap<>();
        verify("{}")
                .summary()
                .path("findings")
                .properties()
                .forEach(code -> codes.put(code.getKey(), code.getValue().asLong()));
        return codes;
    }

    @Test
    void eachFindingIsOneLine() throws IOException {
        // Given
        copyAll();
        registryBucket.delete(registry.blobKey(layer), Optional.empty());

        // When
        VerificationResult result = verify("{\"store\":\"registry\"}");

        // Then
        assertTrue(result.hasFindings());
        assertEquals(List.of(), registryStore.writtenKeys());
        assertEquals(List.of(REPORT + "findings-1.ndjson", REPORT + "summary.json"), bucket.keys(REPORT));
        List<String> lines = new String(bucket.bytes(REPORT + "findings-1.ndjson"), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(2, lines.size());
        JsonNode first = JSON.readTree(lines.get(0));
        assertEquals(
                List.of("BLOB_MISSING", "critical", layer.toString()),
                Stream.of("code", "severity", "subject")
                        .map(field -> first.path(field).asText())
                        .toList());
        assertTrue(first.path("problem").asText().contains("restore it from the backup with mode repair"));
        assertEquals(
                "[\"%sfindings-1.ndjson\"]".formatted(REPORT),
                json(REPORT + "summary.json").path("reports").toString());
        assertEquals("findings", json(REPORT + "summary.json").path("outcome").asText());
    }

    @Test
    void onlyOurOwnRecordsAreWrittenInTheBackup() {
        // Given
        copyAll();

        // When
        verify("{\"depth\":\"content\"}");

        // Then
        assertEquals(
                Set.of(
                        DOCUMENTS + "team/app/_repository.json",
                        DOCUMENTS + "team/other/_repository.json",
                        REPORT + "summary.json",
                        LastVerification.KEY,
                        DailyHistory.PREFIX + DailyHistory.VERIFY),
                Set.copyOf(backup.writtenKeys()));
    }

    @Test
    void aFullVerificationIsAFigureOfItsDayAndOneOfAScopeIsNot() {
        // Given
        copyAll();
        verify("{}");
        clock.advance(Duration.ofDays(1));

        // When
        verify("{\"scope\":{\"namespace\":\"team\"}}");

        // Then
        Map<LocalDate, JsonNode> days = new DailyHistory(bucket).read(DailyHistory.VERIFY);
        assertEquals(Set.of(LocalDate.parse("2026-03-04")), days.keySet());
        days.values().forEach(day -> assertTrue(day.at("/images/complete").asLong() > 0, day::toString));
    }

    @Test
    void aFigureThatCannotBeWrittenFailsNoVerification() {
        // Given
        copyAll();
        backup.failOn(Operation.PUT, DailyHistory.PREFIX, StoreError.UNAVAILABLE, "no answer");

        // When
        VerificationResult result = verify("{}");

        // Then
        assertEquals("ok", result.summary().path("outcome").asText());
        assertTrue(new LastVerification(bucket).read().finishedAt().isPresent());
        assertTrue(bucket.head(DailyHistory.PREFIX + DailyHistory.VERIFY).isEmpty());
    }

    @Test
    void findingsFromBeforeTheStoreFailedAreKept() {
        // Given
        copyAll();
        registryBucket.seed("notes.txt", new byte[0]);
        registryStore.failOn(Operation.OPEN, "", StoreError.BUCKET_MISSING, "There is no bucket");

        // When
        assertThrows(ObjectStoreException.class, () -> verify("{\"store\":\"registry\"}"));

        // Then
        assertEquals(List.of(REPORT + "findings-1.ndjson"), bucket.keys(REPORT));
    }

    @ParameterizedTest
    @CsvSource({"false, critical, true", "true, info, false"})
    void aLayerThatIsNotLinkedIsGradedByWhoseRegistryItIs(boolean isOpenShift, String severity, boolean hasFindings) {
        // Given
        copyAll();
        bucket.delete(registry.layerLink(APP, layer), Optional.empty());

        // When
        VerificationResult result = verify("{}", isOpenShift);

        // Then
        assertEquals(
                "{\"%s\":1}".formatted(severity),
                result.summary().path("severities").toString());
        assertEquals(hasFindings, result.hasFindings());
        assertTrue(new String(bucket.bytes(REPORT + "findings-1.ndjson"), StandardCharsets.UTF_8)
                .contains("\"severity\":\"%s\"".formatted(severity)));
    }

    @Test
    void eachRepositoryOfTheBackupHasADocumentThatSaysWhatTheLiveOneSays() {
        // Given
        registry.tag(APP, "latest", image);
        copyAll();
        clock.advance(Duration.ofHours(1));

        // When
        verify("{}");

        // Then
        for (String repository : List.of(APP, "team/other")) {
            ObjectNode live =
                    catalog().liveDocument(new RepositoryName(repository)).orElseThrow();
            assertEquals(live.toString(), catalogDocument(repository).toString());
        }
    }

    @Test
    void aRepositorysScopeWritesOnlyItsOwnDocument() {
        // Given
        copyAll();
        bucket.seed(DOCUMENTS + "gone/app/_repository.json", new byte[0]);

        // When
        verify("{\"scope\":{\"repository\":\"team/app\"}}");

        // Then
        assertEquals(
                List.of(DOCUMENTS + "gone/app/_repository.json", DOCUMENTS + "team/app/_repository.json"),
                bucket.keys(DOCUMENTS));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"{\"store\":\"registry\"}", "{\"scope\":{\"image\":\"team/app:latest\"}}"})
    void verificationsOfOtherStoresAndSingleImagesWriteNoDocuments(String request) {
        // Given
        registry.tag(APP, "latest", image);
        copyAll();

        // When
        verify(request);

        // Then
        assertEquals(List.of(), bucket.keys(DOCUMENTS));
    }

    @Test
    void theDocumentsOfRepositoriesThatAreGoneAreRemovedAfterAll() {
        // Given
        copyAll();
        verify("{}");
        registry.keys().stream()
                .filter(key -> key.contains("repositories/team/other/"))
                .forEach(key -> bucket.delete(key, Optional.empty()));

        // When
        verify("{}");

        // Then
        assertEquals(List.of(DOCUMENTS + "team/app/_repository.json"), bucket.keys(DOCUMENTS));
        assertEquals(1, bucket.versionCount(DOCUMENTS));
    }

    @Test
    void aCorruptLayerThatWasReadMakesItsImagesNotRestorable() {
        // Given
        copyAll();
        bucket.seed(registry.blobKey(layer), new byte[500]);

        // When
        verify("{\"depth\":\"content\"}");

        // Then
        JsonNode described = catalogDocument(APP).path("images").path(0);
        assertEquals("false", described.path("restorable").toString());
        assertEquals("[\"%s\"]".formatted(layer), described.path("missing").toString());
        assertEquals(
                1,
                catalogDocument("team/other").path("counts").path("restorable").asInt());
    }

    @Test
    void aCorruptConfigIsFoundWhereItIsReadForItsDocument() {
        // Given
        Digest config = registry.blob("{\"os\":\"linux\"}".getBytes(StandardCharsets.UTF_8));
        registry.mount(APP, config);
        registry.manifest(APP, "{\"config\":%s}".formatted(registry.descriptor(config)), config);
        copyAll();
        bucket.seed(registry.blobKey(config), "{\"os\":\"minix\"}".getBytes(StandardCharsets.UTF_8));

        // When
        VerificationResult result = verify("{}");

        // Then
        assertEquals(
                "{\"BLOB_DIGEST_MISMATCH\":1}",
                result.summary().path("findings").toString());
    }

    @Test
    void anUnreadableImageIsNeitherRestorableNorUnrestorable() {
        // Given
        copyAll();
        backup.failOn(Operation.OPEN, registry.blobKey(layer), StoreError.UNAVAILABLE, "a test says so");

        // When
        VerificationResult result = verify("{\"depth\":\"content\"}");

        // Then
        JsonNode described = catalogDocument(APP).path("images").path(0);
        assertTrue(described.path("restorable").isMissingNode());
        assertEquals("[\"%s\"]".formatted(layer), described.path("unknown").toString());
        assertTrue(result.hasUnknown());
        assertFalse(result.hasFindings());
    }

    @Test
    void aDocumentThatCannotBeWrittenKeepsNoOtherFromBeingWritten() {
        // Given
        copyAll();
        backup.failOn(Operation.PUT, DOCUMENTS + "team/app/", StoreError.UNAVAILABLE, "a test says so");

        // When
        VerificationResult result = verify("{}");

        // Then
        assertEquals(List.of(DOCUMENTS + "team/other/_repository.json"), bucket.keys(DOCUMENTS));
        assertTrue(result.hasUnknown());
    }

    @Test
    void everyRandomBackupIsRestorableWholly() {
        // Given
        RandomRegistry.random(11).writeTo(bucket::seed);

        // When
        VerificationResult result = verify("{\"depth\":\"content\"}");

        // Then
        ObjectNode page = catalog().page(Optional.empty(), 100);
        Map<Integer, Long> counts = StreamSupport.stream(
                        page.path("repositories").spliterator(), false)
                .collect(Collectors.groupingBy(
                        head -> head.path("images").asInt()
                                - head.path("restorable").asInt(),
                        Collectors.counting()));
        assertEquals(Map.of(0, (long) page.path("repositories").size()), counts);
        assertEquals("ok", result.summary().path("outcome").asText());
    }
}
