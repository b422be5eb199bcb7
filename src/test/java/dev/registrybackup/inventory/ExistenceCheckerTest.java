package dev.registrybackup.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExistenceCheckerTest {
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("bucket");
    private final RecordingObjectStore store = new RecordingObjectStore(bucket);
    private final WorkerPools workerPools = new WorkerPools(4, 1);
    private final ExistenceChecker existenceChecker = new ExistenceChecker(store, workerPools);

    @AfterEach
    void close() {
        workerPools.close();
    }

    private void seed(int count) {
        for (int number = 0; number < count; number++) {
            bucket.seed("blobs/%05d".formatted(number), new byte[number % 7]);
        }
    }

    private long requestCount(Operation operation) {
        return store.requests().stream()
                .filter(request -> request.operation() == operation)
                .count();
    }

    @Test
    void aSmallStoreIsListedAndNothingElseAsked() {
        // Given
        seed(500);

        // When
        var found = existenceChecker.findExisting("blobs/", Set.of("blobs/00003", "blobs/00499", "blobs/99999"));

        // Then
        assertEquals(Set.of("blobs/00003", "blobs/00499"), found.keySet());
        assertEquals(ObjectRef.of(bucket.head("blobs/00003").orElseThrow()), found.get("blobs/00003"));
        assertEquals(0, requestCount(Operation.HEAD));
        assertEquals(1, requestCount(Operation.LIST));
    }

    @Test
    void keysBeyondTheListedPagesAreAskedForOneByOne() {
        // Given
        seed(3000);

        // When
        var found = existenceChecker.findExisting("blobs/", Set.of("blobs/00003", "blobs/02999"));

        // Then
        assertEquals(Set.of("blobs/00003", "blobs/02999"), found.keySet());
        assertEquals(1, requestCount(Operation.HEAD));
    }

    @Test
    void noKeysNeedNoRequest() {
        // When
        var found = existenceChecker.findExisting("blobs/", Set.of());

        // Then
        assertEquals(Set.of(), found.keySet());
        assertEquals(0, store.requests().size());
    }

    @Test
    void aStoreThatFailsIsNeverAnAbsentObject() {
        // Given
        seed(3000);
        store.beforeRequest((operation, key) -> {
            if (operation == Operation.HEAD) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "away");
            }
        });

        // When
        ObjectStoreException failure = assertThrows(
                ObjectStoreException.class,
                () -> existenceChecker.findExisting("blobs/", Set.of("blobs/02998", "blobs/02999")));

        // Then
        assertEquals("away", failure.getMessage());
    }
}
