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
    private final OperationFixture bench = new OperationFixture();

    @Test
    void whatWasAskedForMoreThanNinetyDaysAgoIsRemovedWithAllItsVersions() {
        // Given
        eventfulOperation(bench.restore());
        bench.seed("attempt-1", "a version that a failed removal left");
        bench.bucket.remove(OperationFixture.PREFIX + OperationFixture.FIRST + "/cancel", Optional.empty());
        bench.clock.pass(Duration.ofDays(90).plusSeconds(1));

        // When
        int dropped = bench.operations.dropOld();

        // Then
        assertEquals(1, dropped);
        assertEquals(0, bench.bucket.versionCount(""));
        assertEquals(Optional.empty(), bench.operations.status(OperationFixture.FIRST, bench.runner));
    }

    @Test
    void aBucketWithoutVersionsIsClearedToo() {
        // Given
        InMemoryObjectStore plain = new InMemoryObjectStore("backup", false, bench.clock);
        Operations operations = new Operations(plain, bench.clock, () -> "0000000a");
        Attempt attempt = operations.begin(
                operations.create(OperationKind.VERIFY, "backup", OperationFixture.parameters(), "bob"), "pod-1");
        attempt.beat(new ProgressTracker().read());
        bench.clock.pass(Duration.ofDays(91));

        // When
        int dropped = operations.dropOld();

        // Then
        assertEquals(1, dropped);
        assertEquals(List.of(), plain.keys(""));
    }

    @Test
    void whatIsYoungerStays() {
        // Given
        bench.restore();
        bench.clock.pass(Duration.ofDays(89));

        // When
        int dropped = bench.operations.dropOld();

        // Then
        assertEquals(0, dropped);
        assertEquals(OperationState.LOST, bench.state());
    }

    @Test
    void eachOfManyIsToldApart() {
        // Given
        for (int day = 0; day < 100; day++) {
            eventfulOperation(bench.restore());
            bench.clock.pass(Duration.ofDays(1));
        }
        bench.bucket.seed(OperationFixture.PREFIX + "00-notes.txt", new byte[0]);
        bench.bucket.seed("registry-backup/owed/pod-1/000000000001", new byte[0]);

        // When
        int dropped = bench.operations.dropOld();

        // Then
        // Those of day 0 to 9 are more than 90 days old on day 100; that of day 10 will be in a moment.
        assertEquals(10, dropped);
        assertEquals(90, bench.operations.newest(1_000, bench.runner).size());
        assertEquals(90 * 4 + 2, bench.bucket.versionCount(""));
    }

    @Test
    void whatIsStillWrittenToStays() {
        // Given
        Attempt attempt = bench.operations.begin(bench.restore(), "pod-1");
        bench.clock.pass(Duration.ofDays(91));
        attempt.beat(new ProgressTracker().read());
        bench.clock.pass(Duration.ofHours(1));

        // When
        int dropped = bench.operations.dropOld();

        // Then
        assertEquals(0, dropped);
        assertEquals(List.of("attempt-1", "request"), bench.names());
    }

    @Test
    void theRequestGoesFirstSoThatNobodySeesHalfAnOperation() {
        // Given
        eventfulOperation(bench.restore());
        bench.clock.pass(Duration.ofDays(91));
        bench.backup.forget();

        // When
        bench.operations.dropOld();

        // Then
        assertEquals(
                List.of("request", "attempt-1", "attempt-2", "cancel"),
                bench.backup.requests().stream()
                        .filter(request -> request.operation() == Operation.REMOVE)
                        .map(Request::key)
                        .map(key -> key.substring(key.lastIndexOf('/') + 1))
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"request", "attempt-1", "attempt-2", "cancel"})
    void whatARemovalThatFailedLeftIsRemovedTheNextTime(String failing) {
        // Given
        eventfulOperation(bench.restore());
        OperationRequest other = bench.restore();
        bench.clock.pass(Duration.ofDays(91));
        bench.backup.before((operation, key) -> {
            if (operation == Operation.REMOVE && key.endsWith(OperationFixture.FIRST + "/" + failing)) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "Locked");
            }
        });
        int droppedAtFirst = bench.operations.dropOld();
        bench.mend();

        // When
        int dropped = bench.operations.dropOld();

        // Then
        assertEquals(1, droppedAtFirst, "The other one, " + other.id());
        assertEquals(1, dropped);
        assertEquals(0, bench.bucket.versionCount(""));
    }

    @Test
    void aReportIsRemovedAtTheAgeOfAnOperationEvenIfThatIsGone() {
        // Given
        report(bench.restore().id());
        report(new OperationId("20260303T000000Z-0000000a"));
        bench.clock.pass(Duration.ofDays(80));
        OperationId younger = bench.restore().id();
        report(younger);
        bench.bucket.seed(Report.PREFIX + "notes.txt", new byte[0]);
        bench.clock.pass(Duration.ofDays(11));

        // When
        int dropped = bench.operations.dropOld();

        // Then
        assertEquals(1, dropped);
        assertEquals(3, bench.bucket.versionCount(Report.PREFIX));
        assertEquals(
                List.of(
                        Report.PREFIX + younger + "/findings-1.ndjson",
                        Report.PREFIX + younger + "/summary.json",
                        Report.PREFIX + "notes.txt"),
                bench.bucket.keys(Report.PREFIX));
    }

    private void report(OperationId id) {
        Report report = new Report(bench.bucket, id.value(), false, () -> {});
        report.accept(new Finding(FindingCode.BLOB_MISSING, "a", "It is not there"));
        report.finish(JsonNodeFactory.instance.objectNode());
    }

    @Test
    void aBucketThatCannotBeListedIsAFailure() {
        // Given
        bench.failOn(Operation.LIST);

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, bench.operations::dropOld);

        // Then
        assertEquals("The store is down", failure.getMessage());
    }

    /** One of each object: two attempts, a request, a cancel. */
    private void eventfulOperation(OperationRequest request) {
        bench.operations
                .begin(request, "pod-1")
                .finish(new ProgressTracker().read(), OperationFixture.ending(OperationState.FAILED));
        Attempt second = bench.operations.begin(request, "pod-2");
        bench.operations.cancel(request.id(), "bob");
        second.finish(new ProgressTracker().read(), OperationFixture.ending(OperationState.CANCELLED));
    }
}
