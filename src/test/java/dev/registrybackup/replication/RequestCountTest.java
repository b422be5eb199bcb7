package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each class of object costs in requests: they are what is paid for. */
class RequestCountTest {
    private static final String REPOSITORY = "team/app";

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", false);
    private final RandomRegistry made = new RandomRegistry(1);
    private final Digest layer = made.layer(REPOSITORY, 100);
    private final Digest image = made.image(REPOSITORY, layer);
    private final String blob = made.blobKey(layer);
    private final String manifest = made.blobKey(image);
    private final String layerLink = made.layerLink(REPOSITORY, layer);
    private final String revisionLink = made.revisionLink(REPOSITORY, image);
    private final String tagIndexLink = made.tagIndexLink(REPOSITORY, "latest", image);
    private final String tagLink = made.tagLink(REPOSITORY, "latest");
    private final ReplicatorFixture replicatorFixture = new ReplicatorFixture(registry, backup);

    @BeforeEach
    void push() {
        made.tag(REPOSITORY, "latest", image);
        made.writeTo(registry::seed);
    }

    @AfterEach
    void close() {
        replicatorFixture.close();
    }

    @Test
    void aNewBlobCostsTwoRequestsOfEachStore() {
        // When
        replicatorFixture.replicate(blob);

        // Then
        assertEquals(
                List.of(find(blob), open(blob)), replicatorFixture.registry().requests());
        assertEquals(List.of(find(blob), put(blob)), replicatorFixture.backup().requests());
    }

    @Test
    void aLayerLinkWhoseBlobWasBroughtLatelyCostsThree() {
        // Given
        known(blob);

        // When
        replicatorFixture.replicate(layerLink);

        // Then
        assertEquals(List.of(open(layerLink)), replicatorFixture.registry().requests());
        assertEquals(
                List.of(find(layerLink), put(layerLink)),
                replicatorFixture.backup().requests());
    }

    @Test
    void aRevisionLinkWhoseBlobsWereBroughtLatelyCostsFour() {
        // Given
        known(made.closure(revisionLink).toArray(String[]::new));

        // When
        replicatorFixture.replicate(revisionLink);

        // Then
        assertEquals(List.of(open(revisionLink)), replicatorFixture.registry().requests());
        assertEquals(
                List.of(open(manifest), find(revisionLink), put(revisionLink)),
                replicatorFixture.backup().requests());
    }

    @Test
    void aTagsHistoryWhoseRevisionLinkWasBroughtLatelyCostsThree() {
        // Given
        known(revisionLink);

        // When
        replicatorFixture.replicate(tagIndexLink);

        // Then
        assertEquals(List.of(open(tagIndexLink)), replicatorFixture.registry().requests());
        assertEquals(
                List.of(find(tagIndexLink), put(tagIndexLink)),
                replicatorFixture.backup().requests());
    }

    @Test
    void aTagThatMovedCostsFour() {
        // Given
        known(revisionLink);

        // When
        replicatorFixture.replicate(tagLink);

        // Then
        assertEquals(
                List.of(open(tagLink), open(tagLink)),
                replicatorFixture.registry().requests());
        assertEquals(
                List.of(open(tagLink), put(tagLink)), replicatorFixture.backup().requests());
    }

    @Test
    void aTagThatDidNotMoveCostsTwo() {
        // Given
        known(tagLink);

        // When
        replicatorFixture.replicate(tagLink);

        // Then
        assertEquals(List.of(open(tagLink)), replicatorFixture.registry().requests());
        assertEquals(List.of(open(tagLink)), replicatorFixture.backup().requests());
    }

    @Test
    void whatDoesNotChangeAndWasBroughtLatelyCostsNothing() {
        // Given
        List<String> keys = List.of(blob, manifest, layerLink, revisionLink, tagIndexLink);
        known(keys.toArray(String[]::new));

        // When
        replicatorFixture.replicateAll(keys);

        // Then
        assertEquals(List.of(), replicatorFixture.registry().requests());
        assertEquals(List.of(), replicatorFixture.backup().requests());
    }

    @Test
    void aLayerLinkThatIsThereAlreadyCostsAPodWithoutMemoryThree() {
        // Given
        known(layerLink);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
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
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
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
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
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
        replicatorFixture.replicateAll(made.keys());

        // Then
        assertEquals(
                3 * 2 + 2 + 1 + 1 + 2, replicatorFixture.registry().requests().size());
        assertEquals(
                3 * 2 + 2 * 2 + 3 + 2 + 2, replicatorFixture.backup().requests().size());
    }

    private void known(String... keys) {
        replicatorFixture.replicateAll(List.of(keys));
        replicatorFixture.forgetRequests();
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
