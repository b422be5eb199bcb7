package dev.registrybackup.objectstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConditionalWritesTest {
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup");
    private final RecordingObjectStore requests = new RecordingObjectStore(bucket);

    @Test
    void aStoreThatRefusesHeedsTheCondition() {
        // When
        boolean heeded = new ConditionalWrites(requests).areHeeded();

        // Then
        assertTrue(heeded);
        assertEquals(
                List.of(
                        request(Operation.OPEN),
                        request(Operation.PUT),
                        request(Operation.REFUSED_PUT),
                        request(Operation.PUT)),
                requests.requests());
    }

    @Test
    void aStoreThatOverwritesDoesNot() {
        // Given
        bucket.ignoreConditions();

        // When
        boolean heeded = new ConditionalWrites(requests).areHeeded();

        // Then
        assertFalse(heeded);
    }

    @Test
    void whatWasDeterminedOnceIsReadByTheNextProcessAndRememberedByThisOne() {
        for (boolean ignores : List.of(false, true)) {
            // Given
            if (ignores) {
                bucket.delete(ConditionalWrites.KEY, Optional.empty());
                bucket.ignoreConditions();
            }
            ConditionalWrites first = new ConditionalWrites(bucket);
            boolean learned = first.areHeeded();
            requests.clearRequests();

            // When
            ConditionalWrites next = new ConditionalWrites(requests);
            boolean read = next.areHeeded();
            boolean remembered = next.areHeeded();

            // Then
            assertEquals(!ignores, learned);
            assertEquals(!ignores, read);
            assertEquals(!ignores, remembered);
            assertEquals(List.of(request(Operation.OPEN)), requests.requests());
        }
    }

    @Test
    void aProcessThatStartsWhileAnotherTriesItLearnsTheSame() {
        // Given
        bucket.ignoreConditions();
        List<Boolean> others = new ArrayList<>();
        requests.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT) {
                others.add(new ConditionalWrites(bucket).areHeeded());
            }
        });

        // When
        boolean heeded = new ConditionalWrites(requests).areHeeded();

        // Then
        assertFalse(heeded);
        assertFalse(others.contains(true), others::toString);
        assertTrue(others.size() > 1, others::toString);
    }

    @Test
    void aTrialThatDidNotEndIsRepeated() {
        // Given
        requests.beforeRequest((operation, key) -> {
            if (operation == Operation.PUT && bucket.head(ConditionalWrites.KEY).isPresent()) {
                throw new IllegalStateException("Killed");
            }
        });
        assertThrows(IllegalStateException.class, new ConditionalWrites(requests)::areHeeded);
        bucket.ignoreConditions();

        // When
        boolean heeded = new ConditionalWrites(bucket).areHeeded();

        // Then
        assertFalse(heeded);
    }

    @Test
    void aDamagedRecordIsMadeAnew() {
        // Given
        bucket.seed(ConditionalWrites.KEY, "{".getBytes(StandardCharsets.UTF_8));
        bucket.ignoreConditions();

        // When
        boolean heeded = new ConditionalWrites(bucket).areHeeded();

        // Then
        assertFalse(heeded);
        assertEquals(
                "{\"ifNoneMatch\":false}", new String(bucket.bytes(ConditionalWrites.KEY), StandardCharsets.UTF_8));
    }

    @Test
    void aStoreThatDoesNotAnswerIsAskedAgain() {
        // Given
        requests.failAlways(StoreError.UNAVAILABLE, "Failed");
        ConditionalWrites conditionalWrites = new ConditionalWrites(requests);
        assertThrows(ObjectStoreException.class, conditionalWrites::areHeeded);

        // When
        requests.heal();
        boolean heeded = conditionalWrites.areHeeded();

        // Then
        assertTrue(heeded);
    }

    private static Request request(Operation operation) {
        return new Request(operation, ConditionalWrites.KEY);
    }
}
