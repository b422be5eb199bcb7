package dev.registrybackup.replicate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.content.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import dev.registrybackup.store.RecordingObjectStore.Request;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each class of object costs in requests: they are what is paid for. */
class RequestsTest {
    private static final String REPOSITORY = "team/app";

    private final InMemoryObjectStore registry = Pod.bucket("registry", false);
    private final InMemoryObjectStore backup = Pod.bucket("backup", false);
    private final RandomRegistry made = new RandomRegistry(1);
    private final Digest layer = made.layer(REPOSITORY, 100);
    private final Digest image = made.image(REPOSITORY, layer);
    private final String blob = made.blobKey(layer);
    private final String manifest = made.blobKey(image);
    private final String layerLink = made.layerLink(REPOSITORY, layer);
    private final String revisionLink = made.revisionLink(REPOSITORY, image);
    private final String tagIndexLink = made.tagIndexLink(REPOSITORY, "latest", image);
    private final String tagLink = made.tagLink(REPOSITORY, "latest");
    private final Pod pod = new Pod(registry, backup);

    @BeforeEach
    void push() {
        made.tag(REPOSITORY, "latest", image);
        made.writeTo(registry::seed);
    }

    @AfterEach
    void close() {
        pod.close();
    }

    @Test
    void aNewBlobCostsTwoRequestsOfEachStore() {
        // When
        pod.replicate(blob);

        // Then
        assertEquals(List.of(find(blob), open(blob)), pod.registry().requests());
        assertEquals(List.of(find(blob), put(blob)), pod.backup().requests());
    }

    @Test
    void aLayerLinkWhoseBlobWasBroughtLatelyCostsThree() {
        // Given
        known(blob);

        // When
        pod.replicate(layerLink);

        // Then
        assertEquals(List.of(open(layerLink)), pod.registry().requests());
        assertEquals(List.of(find(layerLink), put(layerLink)), pod.backup().requests());
    }

    @Test
    void aRevisionLinkWhoseBlobsWereBroughtLatelyCostsFour() {
        // Given
        known(made.closure(revisionLink).toArray(String[]::new));

        // When
        pod.replicate(revisionLink);

        // Then
        assertEquals(List.of(open(revisionLink)), pod.registry().requests());
        assertEquals(
                List.of(open(manifest), find(revisionLink), put(revisionLink)),
                pod.backup().requests());
    }

    @Test
    void aTagsHistoryWhoseRevisionLinkWasBroughtLatelyCostsThree() {
        // Given
        known(revisionLink);

        // When
        pod.replicate(tagIndexLink);

        // Then
        assertEquals(List.of(open(tagIndexLink)), pod.registry().requests());
        assertEquals(
                List.of(find(tagIndexLink), put(tagIndexLink)), pod.backup().requests());
    }

    @Test
    void aTagThatMovedCostsFour() {
        // Given
        known(revisionLink);

        // When
        pod.replicate(tagLink);

        // Then
        assertEquals(List.of(open(tagLink), open(tagLink)), pod.registry().requests());
        assertEquals(List.of(open(tagLink), put(tagLink)), pod.backup().requests());
    }

    @Test
    void aTagThatDidNotMoveCostsTwo() {
        // Given
        known(tagLink);

        // When
        pod.replicate(tagLink);

        // Then
        assertEquals(List.of(open(tagLink)), pod.registry().requests());
        assertEquals(List.of(open(tagLink)), pod.backup().requests());
    }

    @Test
    void whatDoesNotChangeAndWasBroughtLatelyCostsNothing() {
        // Given
        List<String> keys = List.of(blob, manifest, layerLink, revisionLink, tagIndexLink);
        known(keys.toArray(String[]::new));

        // When
        pod.replicateAll(keys);

        // Then
        assertEquals(List.of(), pod.registry().requests());
        assertEquals(List.of(), pod.backup().requests());
    }

    @Test
    void aLayerLinkThatIsThereAlreadyCostsAPodWithoutMemoryThree() {
        // Given
        known(layerLink);

        // When
        try (Pod fresh = new Pod(registry, backup)) {
            fresh.replicate(layerLink);

            // Then
            assertEquals(List.of(open(layerLink)), fresh.registry().requests());
            assertEquals(List.of(find(blob), find(layerLink)), fresh.backup().requests());
        }
    }

    @Test
    void aBlobThatIsThereAlreadyCostsAPodWithoutMemoryTwo() {
        // Given
        known(blob);

        // When
        try (Pod fresh = new Pod(registry, backup)) {
            fresh.replicate(blob);

            // Then
            assertEquals(List.of(find(blob)), fresh.registry().requests());
            assertEquals(List.of(find(blob)), fresh.backup().requests());
        }
    }

    @Test
    void aRevisionLinkThatIsThereAlreadyNeedsNothingElseOfTheRegistry() {
        // Given
        known(revisionLink);

        // When
        try (Pod fresh = new Pod(registry, backup)) {
            fresh.replicate(revisionLink);

            // Then
            assertEquals(List.of(open(revisionLink)), fresh.registry().requests());
            assertEquals(
                    made.closure(revisionLink).size() + 2,
                    fresh.backup().requests().size());
        }
    }

    @Test
    void aPushOfThreeBlobsTwoLayerLinksARevisionLinkATagsHistoryAndATagCostsAsMuchAsThese() {
        // When
        pod.replicateAll(made.keys());

        // Then
        assertEquals(3 * 2 + 2 + 1 + 1 + 2, pod.registry().requests().size());
        assertEquals(3 * 2 + 2 * 2 + 3 + 2 + 2, pod.backup().requests().size());
    }

    private void known(String... keys) {
        pod.replicateAll(List.of(keys));
        pod.forgetRequests();
    }

    private static Request find(String key) {
        return new Request(Operation.FIND, key);
    }

    private static Request open(String key) {
        return new Request(Operation.OPEN, key);
    }

    private static Request put(String key) {
        return new Request(Operation.PUT, key);
    }
}
