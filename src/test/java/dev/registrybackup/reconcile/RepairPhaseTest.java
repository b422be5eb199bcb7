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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of what a verification found damaged in the backup. */
class RepairPhaseTest {
    private final RandomRegistry content = new RandomRegistry(3);
    private final Digest layer = content.layer("team/app", 3_000);
    private final Digest image = content.image("team/app", layer);
    private final String blob = content.blobKey(layer);
    private ReconcileFixture stores;

    @BeforeEach
    void filled(@TempDir Path scratch) {
        content.tag("team/app", "v1", image);
        stores = new ReconcileFixture(scratch).of(content);
        stores.run();
        stores.clock().advance(Duration.ofHours(1));
    }

    @AfterEach
    void end() {
        stores.close();
    }

    /** As a disk does it: the size, the ETag's absence of doubt and the metadata stay. */
    private void flipInBackup(String key) {
        byte[] bytes = stores.backupBucket().bytes(key).clone();
        bytes[bytes.length / 2] ^= 4;
        ObjectInfo before = stores.backupBucket().find(key).orElseThrow();
        stores.backupBucket().put(key, ContentSource.of(bytes), before.metadata());
    }

    private List<String> writtenToBackup() {
        return stores.backup().written().stream()
                .filter(key -> key.startsWith("docker/"))
                .toList();
    }

    private Reconciliation.Result nextRun() {
        stores.clock().advance(Duration.ofHours(1));
        stores.backup().forget();
        stores.registry().forget();
        return stores.run();
    }

    @Test
    void aFlippedBitThatWasFoundIsReplacedByTheNextRunAndByNoOther() {
        // Given
        flipInBackup(blob);
        stores.verify("backup");

        // When
        Reconciliation.Result first = nextRun();
        List<String> written = writtenToBackup();
        Reconciliation.Result second = nextRun();

        // Then
        assertEquals(1, first.summary().path("damagedReplaced").asLong());
        assertEquals(List.of(blob), written);
        assertArrayEquals(content.content(blob), stores.backupBucket().bytes(blob));
        assertTrue(first.isComplete());
        assertEquals(0, second.summary().path("damagedReplaced").asLong());
        assertEquals(List.of(), writtenToBackup());
    }

    @Test
    void withoutAVerificationAFlippedBitIsNotFound() {
        // Given
        flipInBackup(blob);

        // When
        Reconciliation.Result result = nextRun();

        // Then
        assertEquals(0, result.summary().path("damagedReplaced").asLong());
        assertEquals(List.of(), writtenToBackup());
    }

    @Test
    void whatARunReplacedIsNotReplacedAgainAlthoughSomethingElseIsLeft() {
        // Given
        flipInBackup(blob);
        stores.verify("backup");
        stores.registryBucket().seed(content.blobKey(content.blob(new byte[] {1, 2})), new byte[] {9, 9});
        nextRun();

        // When
        Reconciliation.Result second = nextRun();

        // Then
        assertFalse(second.isComplete());
        assertEquals(0, second.summary().path("damagedReplaced").asLong());
        assertEquals(List.of(), writtenToBackup());
    }

    @Test
    void whereTheRegistrysIsBadTooItIsNamedAndTheRunIncomplete() {
        // Given
        flipInBackup(blob);
        byte[] bad = stores.backupBucket().bytes(blob);
        stores.registryBucket().seed(blob, new byte[3_000]);
        stores.verify("backup");

        // When
        Reconciliation.Result result = nextRun();

        // Then
        assertFalse(result.isComplete());
        assertArrayEquals(bad, stores.backupBucket().bytes(blob));
        Finding finding = stores.reading().first().get(0);
        assertEquals(FindingCode.BLOB_DIGEST_MISMATCH, finding.code());
        assertEquals(layer.toString(), finding.subject());
        assertTrue(finding.problem().contains("push the image again"), finding::problem);
    }

    @Test
    void whatIsDamagedAndThenRemovedFromTheBackupIsNoMoreDamage() {
        // Given
        flipInBackup(blob);
        stores.verify("backup");
        for (String key : List.of(blob, content.layerLink("team/app", layer))) {
            stores.registryBucket().remove(key, Optional.empty());
            stores.backupBucket().remove(key, Optional.empty());
        }

        // When
        Reconciliation.Result result = nextRun();

        // Then
        assertTrue(result.isComplete(), () -> stores.reading().first().toString());
    }

    @Test
    void whatIsFoundInTheRegistryIsNoReasonToReplaceTheBackups() {
        // Given
        stores.registryBucket().seed(blob, new byte[3_000]);
        stores.verify("registry");

        // When
        Reconciliation.Result result = nextRun();

        // Then
        assertEquals(0, result.summary().path("damagedReplaced").asLong());
        assertArrayEquals(content.content(blob), stores.backupBucket().bytes(blob));
    }

    @Test
    void aReportFromBeforeTheLastRunIsNotReadAgain() {
        // Given
        flipInBackup(blob);
        stores.verify("backup");
        nextRun();
        flipInBackup(blob);

        // When
        Reconciliation.Result result = nextRun();

        // Then
        assertEquals(0, result.summary().path("damagedReplaced").asLong());
    }

    @Test
    void aDamagedLinkIsWrittenAgain() {
        // Given
        String revision = content.revisionLink("team/app", image);
        String tag = content.tagLink("team/app", "v1");
        flipInBackup(revision);
        stores.backupBucket().seed(tag, new byte[0]);
        stores.verify("backup");

        // When
        Reconciliation.Result result = nextRun();

        // Then
        assertTrue(result.isComplete());
        assertEquals(stores.inRegistry(), stores.backedUp());
    }

    @Test
    void aReportThatCannotBeUnderstoodIsNoHindrance() {
        // Given
        String folder = "registry-backup/reports/20261123T000000Z-00000000/";
        stores.backupBucket()
                .seed(
                        folder + "summary.json",
                        "{\"store\":\"backup\",\"ended\":\"lately\"}".getBytes(StandardCharsets.UTF_8));
        stores.backupBucket()
                .seed(
                        folder + "findings-1.ndjson",
                        "{\"code\":\"BLOB_DIGEST_MISMATCH\",\"subject\":\"sha256:12\",\"problem\":\"\"}\n"
                                .getBytes(StandardCharsets.UTF_8));

        // When
        Reconciliation.Result result = nextRun();

        // Then
        assertTrue(result.isComplete());
    }
}
