package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which keys a listing shows. */
class SortedListingTest {
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("registry");

    private static List<String> found(SortedListing listing, String... keys) {
        return List.of(keys).stream()
                .map(key -> listing.find(key, 0))
                .flatMap(Optional::stream)
                .map(ObjectInfo::key)
                .toList();
    }

    @Test
    void keysInTheirOrderAreFoundWhereTheyAreListed() {
        // Given
        List.of("a/1", "a/3", "a/4", "a/7", "b/1").forEach(key -> bucket.seed(key, new byte[1]));

        // When
        try (SortedListing listing = new SortedListing(bucket, "a/")) {
            // Then
            assertEquals(List.of("a/1", "a/4"), found(listing, "a/0", "a/1", "a/2", "a/4", "a/8", "b/1"));
        }
    }

    @Test
    void aListingThatFailsShowsNothing() {
        // Given
        bucket.seed("a/1", new byte[1]);
        RecordingObjectStore failing = new RecordingObjectStore(bucket);
        failing.failAlways(StoreError.UNAVAILABLE, "Not now");

        // When
        try (SortedListing listing = new SortedListing(failing, "a/")) {
            // Then
            assertEquals(List.of(), found(listing, "a/1"));
        }
    }

    @Test
    void itIsNotReadWhereItWouldTakeMoreRequestsThanOneForEachKey() {
        // Given
        bucket.seed("a/1", new byte[1]);
        bucket.seed("a/2", new byte[1]);
        RecordingObjectStore requests = new RecordingObjectStore(bucket);

        // When
        try (SortedListing listing = new SortedListing(requests, "a/")) {
            // Then
            assertEquals(Optional.empty(), listing.find("a/1", 1_000));
            assertEquals(List.of(), requests.keysOf(Operation.LIST));
            assertEquals("a/2", listing.find("a/2", 1_999).orElseThrow().key());
            assertEquals(List.of("a/"), requests.keysOf(Operation.LIST));
        }
    }
}
