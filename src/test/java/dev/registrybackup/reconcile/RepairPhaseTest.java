package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of what a verification found damaged in the backup. */
class RepairPhaseTest {
    private final RandomRegistry content = new RandomRegistry(3);
    private final Digest layer = content.layer("team/app", 3_000);
    private final Digest image = content.image("team/app", layer);
    private final String blob = content.blobKey(layer);

    @AutoClose
    private final ReconcileFixture fixture;

    RepairPhaseTest(@TempDir Path scratch) {
        content.tag("team/app", "v1", image);
        fixture = new ReconcileFixture(scratch).withContent(content);
        fixture.run();
        fixture.clock().advance(Duration.ofHours(1));
    }

    /** As a disk does it: the size, the ETag's absence of doubt and the metadata stay. */
    private void flipInBackup(String key) {
        byte[] bytes = fixture.backupBucket().bytes(key).clone();
        bytes[bytes.length / 2] ^= 4;
        ObjectInfo before = fixture.backupBucket().head(key).orElseThrow();
        fixture.backupBucket().put(key, ContentSource.of(bytes), before.metadata());
    }

    private Reconciliation.ReconcileResult nextRun() {
        fixture.clock().advance(Duration.ofHours(1));
        fixture.backup().clearRequests();
        fixture.registry().clearRequests();
        return fixture.run();
    }

    @Test
    void aFlippedBitThatWasFoundIsReplacedByTheNextRunAndByNoOther() {
        // Given
        flipInBackup(blob);
        fixture.verify("backup");

        // When
        Reconciliation.ReconcileResult first = nextRun();
        List<String> written = fixture.writtenKeys();
        Reconciliation.ReconcileResult second = nextRun();

        // Then
        assertEquals(1, first.summary().path("corruptReplaced").asLong());
        assertEquals(List.of(blob), written);
        assertArrayEquals(content.content(blob), fixture.backupBucket().bytes(blob));
        assertTrue(first.isComplete());
        assertEquals(0, second.summary().path("corruptReplaced").asLong());
        assertEquals(List.of(), fixture.writtenKeys());
    }

    @Test
    void withoutAVerificationAFlippedBitIsNotFound() {
        // Given
        flipInBackup(blob);

        // When
        Reconciliation.ReconcileResult reconcileResult = nextRun();

        // Then
        assertEquals(0, reconcileResult.summary().path("corruptReplaced").asLong());
        assertEquals(List.of(), fixture.writtenKeys());
    }

    @Test
    void aReplacedBlobIsNotReplacedAgainAlthoughOthersRemain() {
        // Given
        flipInBackup(blob);
        fixture.verify("backup");
        fixture.registryBucket().seed(content.blobKey(content.blob(new byte[] {1, 2})), new byte[] {9, 9});
        nextRun();

        // When
        Reconciliation.ReconcileResult second = nextRun();

        // Then
        assertFalse(second.isComplete());
        assertEquals(0, second.summary().path("corruptReplaced").asLong());
        assertEquals(List.of(), fixture.writtenKeys());
    }

    @Test
    void aBlobCorruptInBothStoresIsReportedAndTheRunIsIncomplete() {
        // Given
        flipInBackup(blob);
        byte[] bad = fixture.backupBucket().bytes(blob);
        fixture.registryBucket().seed(blob, new byte[3_000]);
        fixture.verify("backup");

        // When
        Reconciliation.ReconcileResult reconcileResult = nextRun();

        // Then
        assertFalse(reconcileResult.isComplete());
        assertArrayEquals(bad, fixture.backupBucket().bytes(blob));
        Finding finding = fixture.progress().firstFindings().get(0);
        assertEquals(FindingCode.BLOB_DIGEST_MISMATCH, finding.code());
        assertEquals(layer.toString(), finding.subject());
        assertTrue(finding.problem().contains("push the image again"), finding::problem);
    }

    @Test
    void aCorruptBlobThatIsThenDeletedFromTheBackupIsNotAFailure() {
        // Given
        flipInBackup(blob);
        fixture.verify("backup");
        for (String key : List.of(blob, content.layerLink("team/app", layer))) {
            fixture.registryBucket().delete(key, Optional.empty());
            fixture.backupBucket().delete(key, Optional.empty());
        }

        // When
        Reconciliation.ReconcileResult reconcileResult = nextRun();

        // Then
        assertTrue(
                reconcileResult.isComplete(),
                () -> fixture.progress().firstFindings().toString());
    }

    @Test
    void aCorruptBlobOfTheRegistryIsNoReasonToReplaceTheBackups() {
        // Given
        fixture.registryBucket().seed(blob, new byte[3_000]);
        fixture.verify("registry");

        // When
        Reconciliation.ReconcileResult reconcileResult = nextRun();

        // Then
        assertEquals(0, reconcileResult.summary().path("corruptReplaced").asLong());
        assertArrayEquals(content.content(blob), fixture.backupBucket().bytes(blob));
    }

    @Test
    void aReportFromBeforeTheLastRunIsNotReadAgain() {
        // Given
        flipInBackup(blob);
        fixture.verify("backup");
        nextRun();
        flipInBackup(blob);

        // When
        Reconciliation.ReconcileResult reconcileResult = nextRun();

        // Then
        assertEquals(0, reconcileResult.summary().path("corruptReplaced").asLong());
    }

    @Test
    void aCorruptLinkIsWrittenAgain() {
        // Given
        String revision = content.revisionLink("team/app", image);
        String tag = content.tagLink("team/app", "v1");
        flipInBackup(revision);
        fixture.backupBucket().seed(tag, new byte[0]);
        fixture.verify("backup");

        // When
        Reconciliation.ReconcileResult reconcileResult = nextRun();

        // Then
        assertTrue(reconcileResult.isComplete());
        assertEquals(fixture.registryContent(), fixture.backupContent());
    }

    @Test
    void aReportThatCannotBeParsedIsIgnored() {
        // Given
        String folder = "registry-backup/reports/20261123T000000Z-00000000/";
        fixture.backupBucket()
                .seed(
                        folder + "summary.json",
                        "{\"store\":\"backup\",\"ended\":\"lately\"}".getBytes(StandardCharsets.UTF_8));
        fixture.backupBucket()
                .seed(
                        folder + "findings-1.ndjson",
                        "{\"code\":\"BLOB_DIGEST_MISMATCH\",\"subject\":\"sha256:12\",\"problem\":\"\"}\n"
                                .getBytes(StandardCharsets.UTF_8));

        // When
        Reconciliation.ReconcileResult reconcileResult = nextRun();

        // Then
        assertTrue(reconcileResult.isComplete());
    }
}
