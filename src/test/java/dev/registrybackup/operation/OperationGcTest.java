package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OperationGcTest {
    private final OperationFixture fixture = new OperationFixture();

    @Test
    void operationsOlderThanNinetyDaysAreDeletedWithAllVersions() {
        // Given
        eventfulOperation(fixture.createRestore());
        fixture.seed("run", "a version that a failed removal left");
        fixture.bucket.delete(OperationFixture.PREFIX + OperationFixture.FIRST_ID + "/cancel", Optional.empty());
        fixture.clock.advance(Duration.ofDays(90).plusSeconds(1));

        // When
        int dropped = fixture.service.deleteExpired();

        // Then
        assertEquals(1, dropped);
        assertEquals(0, fixture.bucket.versionCount(OperationFixture.PREFIX));
        assertEquals(Optional.empty(), fixture.service.status(OperationFixture.FIRST_ID));
    }

    @Test
    void aBucketWithoutVersionsIsClearedToo() {
        // Given
        InMemoryObjectStore plain = new InMemoryObjectStore("backup", false, fixture.clock);
        OperationService service = fixture.service(plain);
        OperationRun run = fixture.startRun(
                plain, service.create(OperationKind.VERIFY, "backup", OperationFixture.parameters(), "bob"), "pod-1");
        run.heartbeat(new ProgressTracker().progress());
        fixture.clock.advance(Duration.ofDays(91));

        // When
        int dropped = service.deleteExpired();

        // Then
        assertEquals(1, dropped);
        assertEquals(List.of(), plain.keys(OperationFixture.PREFIX));
    }

    @Test
    void youngerOperationsAreKept() {
        // Given
        fixture.createRestore();
        fixture.clock.advance(Duration.ofDays(89));

        // When
        int dropped = fixture.service.deleteExpired();

        // Then
        assertEquals(0, dropped);
        assertEquals(OperationState.LOST, fixture.state());
    }

    @Test
    void eachOfManyIsDeletedAsAWhole() {
        // Given
        for (int day = 0; day < 100; day++) {
            eventfulOperation(fixture.createRestore());
            fixture.clock.advance(Duration.ofDays(1));
        }
        fixture.bucket.seed(OperationFixture.PREFIX + "00-notes.txt", new byte[0]);
        fixture.bucket.seed("registry-backup/pending/pod-1/000000000001", new byte[0]);

        // When
        int dropped = fixture.service.deleteExpired();

        // Then
        // Those of day 0 to 9 are more than 90 days old on day 100; that of day 10 will be in a moment.
        assertEquals(10, dropped);
        assertEquals(90, fixture.service.listNewest(1_000).size());
        assertEquals(90 * 3 + 1, fixture.bucket.versionCount(OperationFixture.PREFIX));
        assertEquals(1, fixture.bucket.versionCount("registry-backup/pending/"));
    }

    @Test
    void aFileThatIsStillWrittenIsKept() {
        // Given
        OperationRun run = fixture.startRun(fixture.createRestore(), "pod-1");
        fixture.clock.advance(Duration.ofDays(91));
        run.heartbeat(new ProgressTracker().progress());
        fixture.clock.advance(Duration.ofHours(1));

        // When
        int dropped = fixture.service.deleteExpired();

        // Then
        assertEquals(0, dropped);
        assertEquals(List.of("request", "run"), fixture.names());
    }

    @Test
    void theRequestGoesFirstSoThatNobodySeesHalfAnOperation() {
        // Given
        eventfulOperation(fixture.createRestore());
        fixture.clock.advance(Duration.ofDays(91));
        fixture.backup.clearRequests();

        // When
        fixture.service.deleteExpired();

        // Then
        assertEquals(
                List.of("request", "cancel", "run"),
                fixture.backup.keysOf(Operation.DELETE).stream()
                        .map(key -> key.substring(key.lastIndexOf('/') + 1))
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"request", "run", "cancel"})
    void aFailedDeletionIsRepeatedTheNextTime(String failing) {
        // Given
        eventfulOperation(fixture.createRestore());
        OperationRequest other = fixture.createRestore("another");
        fixture.clock.advance(Duration.ofDays(91));
        String key = OperationFixture.PREFIX + OperationFixture.FIRST_ID + "/" + failing;
        fixture.backup.failOn(Operation.DELETE, key, StoreError.FORBIDDEN, "Locked");
        int droppedAtFirst = fixture.service.deleteExpired();
        fixture.backup.heal();

        // When
        int dropped = fixture.service.deleteExpired();

        // Then
        assertEquals(1, droppedAtFirst, "The other one, " + other.id());
        assertEquals(1, dropped);
        assertEquals(0, fixture.bucket.versionCount(OperationFixture.PREFIX));
    }

    @Test
    void aReportIsRemovedAtTheAgeOfAnOperationEvenIfThatIsGone() {
        // Given
        report(fixture.createRestore().id());
        report(new OperationId("20260303T000000Z-0000000a"));
        fixture.clock.advance(Duration.ofDays(80));
        OperationId younger = fixture.createRestore().id();
        report(younger);
        fixture.bucket.seed(ReportWriter.PREFIX + "notes.txt", new byte[0]);
        fixture.clock.advance(Duration.ofDays(11));

        // When
        int dropped = fixture.service.deleteExpired();

        // Then
        assertEquals(1, dropped);
        assertEquals(3, fixture.bucket.versionCount(ReportWriter.PREFIX));
        assertEquals(
                List.of(
                        ReportWriter.PREFIX + younger + "/findings-1.ndjson",
                        ReportWriter.PREFIX + younger + "/summary.json",
                        ReportWriter.PREFIX + "notes.txt"),
                fixture.bucket.keys(ReportWriter.PREFIX));
    }

    private void report(OperationId id) {
        ReportWriter reportWriter = new ReportWriter(fixture.bucket, id.value(), false, () -> {});
        reportWriter.accept(new Finding(FindingCode.BLOB_MISSING, "a", "It is not there"));
        reportWriter.finish(JsonNodeFactory.instance.objectNode());
    }

    @Test
    void aBucketThatCannotBeListedIsAFailure() {
        // Given
        fixture.failOn(Operation.LIST);

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, fixture.service::deleteExpired);

        // Then
        assertEquals("The store is down", failure.getMessage());
    }

    /** One of each object: a cancel, a request, a run. */
    private void eventfulOperation(OperationRequest request) {
        OperationRun run = fixture.startRun(request, "pod-1");
        fixture.service.cancel(request.id(), "bob");
        run.finish(new ProgressTracker().progress(), OperationFixture.outcome(OperationState.CANCELLED));
    }
}
