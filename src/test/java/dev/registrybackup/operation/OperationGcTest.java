package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
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
    void whatWasAskedForMoreThanNinetyDaysAgoIsRemovedWithAllItsVersions() {
        // Given
        eventfulOperation(fixture.createRestore());
        fixture.seed("attempt-1", "a version that a failed removal left");
        fixture.bucket.delete(OperationFixture.PREFIX + OperationFixture.FIRST_ID + "/cancel", Optional.empty());
        fixture.clock.advance(Duration.ofDays(90).plusSeconds(1));

        // When
        int dropped = fixture.operations.deleteExpired();

        // Then
        assertEquals(1, dropped);
        assertEquals(0, fixture.bucket.versionCount(""));
        assertEquals(Optional.empty(), fixture.operations.status(OperationFixture.FIRST_ID, fixture.runner));
    }

    @Test
    void aBucketWithoutVersionsIsClearedToo() {
        // Given
        InMemoryObjectStore plain = new InMemoryObjectStore("backup", false, fixture.clock);
        Operations operations = new Operations(plain, fixture.clock, () -> "0000000a");
        Attempt attempt = operations.startAttempt(
                operations.create(OperationKind.VERIFY, "backup", OperationFixture.parameters(), "bob"), "pod-1");
        attempt.heartbeat(new ProgressTracker().progress());
        fixture.clock.advance(Duration.ofDays(91));

        // When
        int dropped = operations.deleteExpired();

        // Then
        assertEquals(1, dropped);
        assertEquals(List.of(), plain.keys(""));
    }

    @Test
    void whatIsYoungerStays() {
        // Given
        fixture.createRestore();
        fixture.clock.advance(Duration.ofDays(89));

        // When
        int dropped = fixture.operations.deleteExpired();

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
        int dropped = fixture.operations.deleteExpired();

        // Then
        // Those of day 0 to 9 are more than 90 days old on day 100; that of day 10 will be in a moment.
        assertEquals(10, dropped);
        assertEquals(90, fixture.operations.listNewest(1_000, fixture.runner).size());
        assertEquals(90 * 4 + 2, fixture.bucket.versionCount(""));
    }

    @Test
    void whatIsStillWrittenToStays() {
        // Given
        Attempt attempt = fixture.operations.startAttempt(fixture.createRestore(), "pod-1");
        fixture.clock.advance(Duration.ofDays(91));
        attempt.heartbeat(new ProgressTracker().progress());
        fixture.clock.advance(Duration.ofHours(1));

        // When
        int dropped = fixture.operations.deleteExpired();

        // Then
        assertEquals(0, dropped);
        assertEquals(List.of("attempt-1", "request"), fixture.names());
    }

    @Test
    void theRequestGoesFirstSoThatNobodySeesHalfAnOperation() {
        // Given
        eventfulOperation(fixture.createRestore());
        fixture.clock.advance(Duration.ofDays(91));
        fixture.backup.clearRequests();

        // When
        fixture.operations.deleteExpired();

        // Then
        assertEquals(
                List.of("request", "attempt-1", "attempt-2", "cancel"),
                fixture.backup.requests().stream()
                        .filter(request -> request.operation() == Operation.DELETE)
                        .map(Request::key)
                        .map(key -> key.substring(key.lastIndexOf('/') + 1))
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"request", "attempt-1", "attempt-2", "cancel"})
    void whatAFailedRemovalLeftIsRemovedTheNextTime(String failing) {
        // Given
        eventfulOperation(fixture.createRestore());
        OperationRequest other = fixture.createRestore();
        fixture.clock.advance(Duration.ofDays(91));
        fixture.backup.beforeRequest((operation, key) -> {
            if (operation == Operation.DELETE && key.endsWith(OperationFixture.FIRST_ID + "/" + failing)) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "Locked");
            }
        });
        int droppedAtFirst = fixture.operations.deleteExpired();
        fixture.clearFailures();

        // When
        int dropped = fixture.operations.deleteExpired();

        // Then
        assertEquals(1, droppedAtFirst, "The other one, " + other.id());
        assertEquals(1, dropped);
        assertEquals(0, fixture.bucket.versionCount(""));
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
        int dropped = fixture.operations.deleteExpired();

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
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, fixture.operations::deleteExpired);

        // Then
        assertEquals("The store is down", failure.getMessage());
    }

    /** One of each object: two attempts, a request, a cancel. */
    private void eventfulOperation(OperationRequest request) {
        fixture.operations
                .startAttempt(request, "pod-1")
                .finish(new ProgressTracker().progress(), OperationFixture.outcome(OperationState.FAILED));
        Attempt second = fixture.operations.startAttempt(request, "pod-2");
        fixture.operations.cancel(request.id(), "bob");
        second.finish(new ProgressTracker().progress(), OperationFixture.outcome(OperationState.CANCELLED));
    }
}
