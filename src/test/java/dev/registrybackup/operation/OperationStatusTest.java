package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OperationStatusTest {
    private final OperationFixture fixture = new OperationFixture();

    @Test
    void allThatIsKnownOfAnOperationIsAnswered() throws IOException {
        // Given
        OperationRun run = fixture.startRun(fixture.createRestore(), "pod-1");
        ProgressTracker progressTracker = new ProgressTracker();
        progressTracker.phase("copying");
        progressTracker.addExpected(40, 4_000);
        progressTracker.addDone(10, 1_500);
        progressTracker.addFinding(new Finding(FindingCode.TAG_DIFFERS, "team/app:1.0", "points elsewhere"));
        progressTracker.addFinding(new Finding(FindingCode.BLOB_MISSING, "sha256:0", "is missing"));
        progressTracker.addFinding(new Finding(FindingCode.BLOB_MISSING, "sha256:1", "is missing"));
        fixture.clock.advance(Duration.ofSeconds(8));
        run.finish(
                progressTracker.progress(),
                new RunRecord.RunOutcome(
                        OperationState.INCOMPLETE,
                        Optional.of(OperationFixture.summary()),
                        Optional.of("two blobs are missing")));

        // When
        String json = fixture.status().json().toString();

        // Then
        String expected = """
            {"id": "20260304T050607Z-00000001",
             "kind": "restore",
             "state": "incomplete",
             "lock": "registry",
             "parameters": {"image": "team/app:1.0"},
             "requestedBy": "alice",
             "requestedAt": "2026-03-04T05:06:07Z",
             "run": {"runner": "pod-1", "startedAt": "2026-03-04T05:06:07Z",
                     "heartbeatAt": "2026-03-04T05:06:15Z", "finishedAt": "2026-03-04T05:06:15Z"},
             "phase": "copying",
             "objects": {"done": 10, "total": 40},
             "bytes": {"done": 1500, "total": 4000},
             "rate": {"objectsPerSecond": 1.3, "bytesPerSecond": 187.5},
             "findings": {"counts": {"BLOB_MISSING": 2, "TAG_DIFFERS": 1},
                          "first": [
                {"code": "TAG_DIFFERS", "subject": "team/app:1.0", "problem": "points elsewhere"},
                {"code": "BLOB_MISSING", "subject": "sha256:0", "problem": "is missing"},
                {"code": "BLOB_MISSING", "subject": "sha256:1", "problem": "is missing"}]},
             "summary": {"images": 7},
             "reason": "two blobs are missing"}
            """;
        assertEquals(new ObjectMapper().readTree(expected).toString(), json);
    }

    @Test
    void anOperationThatNobodyHasBegunHasTheSameShape() throws IOException {
        // Given
        fixture.createRestore();

        // When
        String json = fixture.status().json().toString();

        // Then
        String expected = """
            {"id": "20260304T050607Z-00000001",
             "kind": "restore",
             "state": "pending",
             "lock": "registry",
             "parameters": {"image": "team/app:1.0"},
             "requestedBy": "alice",
             "requestedAt": "2026-03-04T05:06:07Z",
             "phase": "starting",
             "objects": {"done": 0, "total": 0},
             "bytes": {"done": 0, "total": 0},
             "rate": {"objectsPerSecond": 0.0, "bytesPerSecond": 0.0},
             "findings": {"counts": {}, "first": []}}
            """;
        assertEquals(new ObjectMapper().readTree(expected).toString(), json);
    }
}
