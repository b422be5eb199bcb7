package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class VerifiedMarkerTest {
    private static final String OTHERS_BLOB = "docker/registry/v2/blobs/sha256/aa/aa/data";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");
    private final RecordingObjectStore requests = new RecordingObjectStore(backup);
    private final VerifiedMarker verifiedMarker = new VerifiedMarker(requests, new RegistryLayout(""), clock);

    @Test
    void anEmptyBucketIsMarkedAtOnce() {
        // When
        boolean set = verifiedMarker.isSet();

        // Then
        assertTrue(set);
        assertEquals(
                "{\"verifiedAt\":\"2026-03-04T05:06:07Z\",\"reason\":\"the bucket had no registry objects\"}",
                new String(backup.bytes("registry-backup/verified"), StandardCharsets.UTF_8));
    }

    @Test
    void recordsOfOursAndObjectsOutsideTheRootDirectoryDoNotCount() {
        // Given
        backup.seed("registry-backup/pending/pod/1", new byte[1]);
        backup.seed("docker/other", new byte[1]);

        // When
        boolean set = verifiedMarker.isSet();

        // Then
        assertTrue(set);
    }

    @Test
    void aBucketThatSomethingElseFilledIsNot() {
        // Given
        backup.seed(OTHERS_BLOB, new byte[1]);

        // When
        boolean set = verifiedMarker.isSet();

        // Then
        assertFalse(set);
        assertEquals(List.of(OTHERS_BLOB), backup.keys(""));
    }

    @Test
    void onceSetTheStoreIsNotAskedAgain() {
        // Given
        verifiedMarker.isSet();
        requests.clearRequests();

        // When
        clock.advance(Duration.ofDays(1));
        boolean set = verifiedMarker.isSet();

        // Then
        assertTrue(set);
        assertEquals(List.of(), requests.requests());
    }

    @Test
    void whileNotSetTheStoreIsAskedOnceAMinute() {
        // Given
        backup.seed(OTHERS_BLOB, new byte[1]);
        verifiedMarker.isSet();
        requests.clearRequests();

        // When
        clock.advance(Duration.ofMinutes(1));
        boolean within = verifiedMarker.isSet();
        int requestsWithin = requests.requests().size();
        backup.seed(VerifiedMarker.KEY, new byte[1]);
        clock.advance(Duration.ofNanos(1));
        boolean after = verifiedMarker.isSet();

        // Then
        assertFalse(within);
        assertEquals(0, requestsWithin);
        assertTrue(after);
    }

    @Test
    void itIsSetAtOnceForTheReasonGiven() {
        // Given
        backup.seed(OTHERS_BLOB, new byte[1]);
        verifiedMarker.isSet();

        // When
        verifiedMarker.set("verified \"by hand\"");
        boolean set = verifiedMarker.isSet();

        // Then
        assertTrue(set);
        assertEquals(
                "{\"verifiedAt\":\"2026-03-04T05:06:07Z\",\"reason\":\"verified \\\"by hand\\\"\"}",
                new String(backup.bytes("registry-backup/verified"), StandardCharsets.UTF_8));
    }

    @Test
    void aFailedWriteDoesNotSetTheMarker() {
        // Given
        backup.seed(OTHERS_BLOB, new byte[1]);
        requests.failOn(Operation.PUT, "", StoreError.UNAVAILABLE, "The store is away");

        // When
        assertThrows(ObjectStoreException.class, () -> verifiedMarker.set("every blob was verified"));
        boolean set = verifiedMarker.isSet();

        // Then
        assertFalse(set);
        assertEquals(List.of(OTHERS_BLOB), backup.keys(""));
    }

    @Test
    void aStoreThatCannotAnswerIsAskedAgain() {
        // Given
        requests.failAlways(StoreError.UNAVAILABLE, "The store is away");
        assertThrows(ObjectStoreException.class, verifiedMarker::isSet);

        // When
        requests.heal();
        boolean set = verifiedMarker.isSet();

        // Then
        assertTrue(set);
    }

    @Test
    void withoutABucketNothingIsSaid() {
        // Given
        backup.setExists(false);

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, verifiedMarker::isSet);

        // Then
        assertEquals(StoreError.BUCKET_MISSING, failure.error());
    }
}
