package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each class of object costs in requests: they are what is paid for. */
class RequestCountTest {
    private static final String REPOSITORY = "team/app";

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", false);
    private final RandomRegistry registryContent = new RandomRegistry(1);
    private final Digest layer = registryContent.layer(REPOSITORY, 100);
    private final Digest image = registryContent.image(REPOSITORY, layer);
    private final String blob = registryContent.blobKey(layer);
    private final String manifest = registryContent.blobKey(image);
    private final String layerLink = registryContent.layerLink(REPOSITORY, layer);
    private final String revisionLink = registryContent.revisionLink(REPOSITORY, image);
    private final String tagIndexLink = registryContent.tagIndexLink(REPOSITORY, "latest", image);
    private final String tagLink = registryContent.tagLink(REPOSITORY, "latest");
    private final ReplicatorFixture replicatorFixture = new ReplicatorFixture(registry, backup);

    @BeforeEach
    void push() {
        registryContent.tag(REPOSITORY, "latest", image);
        registryContent.writeTo(registry::seed);
    }

    @AfterEach
    void close() {
        replicatorFixture.close();
    }

    @Test
    void aNewBlobCostsAReadAndAWrite() {
        // When
        replicatorFixture.replicate(blob);

        // Then
        assertRequests(replicatorFixture, List.of(open(blob)), List.of(put(blob)));
    }

    @Test
    void aNewLargeBlobCostsAReadAndAWrite() {
        // Given
        String large = registryContent.blobKey(registryContent.layer(REPOSITORY, 2 << 20));
        registryContent.writeTo(registry::seed);

        // When
        replicatorFixture.replicate(large);

        // Then
        assertEquals(List.of(open(large)), replicatorFixture.registry().requests());
        assertEquals(List.of(put(large)), replicatorFixture.backup().requests());
    }

    @Test
    void aLayerLinkWhoseBlobWasCopiedRecentlyCostsAReadAndAWrite() {
        // Given
        prime(blob);

        // When
        replicatorFixture.replicate(layerLink);

        // Then
        assertRequests(replicatorFixture, List.of(open(layerLink)), List.of(put(layerLink)));
    }

    @Test
    void aRevisionLinkWhoseBlobsWereCopiedRecentlyCostsAReadAWriteAndItsManifest() {
        // Given
        prime(registryContent.reachableKeys(revisionLink).toArray(String[]::new));

        // When
        replicatorFixture.replicate(revisionLink);

        // Then
        assertRequests(replicatorFixture, List.of(open(revisionLink)), List.of(open(manifest), put(revisionLink)));
    }

    @Test
    void aRevisionLinkBeforeItsChildrenCostsOneWriteMoreForTheLinksOfItsConfigAndLayer() {
        // Given
        String configLink = registryContent.layerLink(REPOSITORY, config());
        String configBlob = registryContent.blobKey(config());

        // When
        replicatorFixture.replicate(revisionLink);

        // Then
        assertEquals(
                inAnyOrder(open(revisionLink), open(manifest), open(configBlob), open(blob)),
                inAnyOrder(replicatorFixture.registry().requests()));
        assertEquals(
                inAnyOrder(
                        head(manifest),
                        put(manifest),
                        open(manifest),
                        head(configBlob),
                        put(configBlob),
                        put(configLink),
                        head(blob),
                        put(blob),
                        put(layerLink),
                        put(revisionLink)),
                inAnyOrder(replicatorFixture.backup().requests()));
    }

    @Test
    void aRevisionLinkAfterItsBlobsAndBeforeTheirLinksCostsOneMoreRequestForEachLink() {
        // Given
        String configLink = registryContent.layerLink(REPOSITORY, config());
        prime(blob, manifest, registryContent.blobKey(config()));

        // When
        replicatorFixture.replicate(revisionLink);

        // Then
        assertEquals(List.of(open(revisionLink)), replicatorFixture.registry().requests());
        assertEquals(
                inAnyOrder(
                        open(manifest),
                        head(configLink),
                        put(configLink),
                        head(layerLink),
                        put(layerLink),
                        put(revisionLink)),
                inAnyOrder(replicatorFixture.backup().requests()));
    }

    @Test
    void aLayerLinkThatCameWithItsImageCostsNothing() {
        // Given
        prime(revisionLink);

        // When
        replicatorFixture.replicate(layerLink);

        // Then
        assertRequests(replicatorFixture, List.of(), List.of());
    }

    @Test
    void anImageThatCameLatelyInAnotherRepositoryWhoseLayerLinksAreKnownCostsThree() {
        // Given
        String other = "team/other";
        String otherRevision = registryContent.revisionLink(other, image);
        registryContent.mount(other, layer);
        registryContent.mount(other, config());
        registryContent.manifest(
                other, new String(registryContent.content(manifest), StandardCharsets.UTF_8), config(), layer);
        registryContent.writeTo(registry::seed);
        prime(revisionLink, registryContent.layerLink(other, layer), registryContent.layerLink(other, config()));

        // When
        replicatorFixture.replicate(otherRevision);

        // Then
        assertRequests(replicatorFixture, List.of(open(otherRevision)), List.of(open(manifest), put(otherRevision)));
    }

    @Test
    void aTagIndexLinkWhoseRevisionLinkWasCopiedRecentlyCostsAReadAndAWrite() {
        // Given
        prime(revisionLink);

        // When
        replicatorFixture.replicate(tagIndexLink);

        // Then
        assertRequests(replicatorFixture, List.of(open(tagIndexLink)), List.of(put(tagIndexLink)));
    }

    @Test
    void aNewTagCostsAReadAWriteAndAReadAfterIt() {
        // Given
        prime(revisionLink);

        // When
        replicatorFixture.replicate(tagLink);

        // Then
        assertRequests(replicatorFixture, List.of(open(tagLink), open(tagLink)), List.of(put(tagLink)));
    }

    @Test
    void aTagThatMovedAgainLatelyCostsFour() {
        // Given
        Digest other = registryContent.image(REPOSITORY, layer);
        registryContent.writeTo(registry::seed);
        prime(tagLink, registryContent.revisionLink(REPOSITORY, other));
        registry.seed(tagLink, LinkContent.of(other));

        // When
        replicatorFixture.replicate(tagLink);

        // Then
        assertRequests(replicatorFixture, List.of(open(tagLink), open(tagLink)), List.of(open(tagLink), put(tagLink)));
    }

    @Test
    void aTagThatMovedLongAfterItsLastEventCostsARefusedWriteMore() {
        // Given
        Digest other = registryContent.image(REPOSITORY, layer);
        registryContent.writeTo(registry::seed);
        prime(tagLink);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            fresh.replicate(registryContent.revisionLink(REPOSITORY, other));
            fresh.clearRequests();
            registry.seed(tagLink, LinkContent.of(other));
            fresh.replicate(tagLink);

            // Then
            assertRequests(
                    fresh,
                    List.of(open(tagLink), open(tagLink)),
                    List.of(refusedPut(tagLink), open(tagLink), put(tagLink)));
        }
    }

    @Test
    void aTagThatDidNotMoveCostsTwo() {
        // Given
        prime(tagLink);

        // When
        replicatorFixture.replicate(tagLink);

        // Then
        assertRequests(replicatorFixture, List.of(open(tagLink)), List.of(open(tagLink)));
    }

    @Test
    void unchangedKeysCopiedRecentlyCostNothing() {
        // Given
        List<String> keys = List.of(blob, manifest, layerLink, revisionLink, tagIndexLink);
        prime(keys.toArray(String[]::new));

        // When
        replicatorFixture.replicateAll(keys);

        // Then
        assertRequests(replicatorFixture, List.of(), List.of());
    }

    @Test
    void aLayerLinkThatIsThereAlreadyCostsAPodWithoutMemoryARefusedWriteAndTwoLooks() {
        // Given
        prime(layerLink);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            fresh.replicate(layerLink);

            // Then
            assertRequests(
                    fresh, List.of(open(layerLink)), List.of(head(blob), refusedPut(layerLink), head(layerLink)));
        }
    }

    @Test
    void aBlobThatIsThereAlreadyCostsAPodWithoutMemoryARefusedWriteAndALook() {
        // Given
        prime(blob);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            fresh.replicate(blob);

            // Then
            assertRequests(fresh, List.of(open(blob)), List.of(refusedPut(blob), head(blob)));
        }
    }

    @Test
    void aRevisionLinkThatIsThereAlreadyNeedsNothingElseOfTheRegistry() {
        // Given
        prime(revisionLink);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            fresh.replicate(revisionLink);

            // Then
            assertEquals(List.of(open(revisionLink)), fresh.registry().requests());
            assertEquals(
                    registryContent.reachableKeys(revisionLink).size() + 3,
                    fresh.backup().requests().size());
        }
    }

    @Test
    void aPushOfThreeBlobsTwoLayerLinksARevisionLinkATagsHistoryAndATagCostsAsMuchAsThese() {
        // When
        replicatorFixture.replicateAll(registryContent.keys());

        // Then
        assertEquals(3 + 2 + 1 + 1 + 2, replicatorFixture.registry().requests().size());
        assertEquals(3 + 2 + 2 + 1 + 1, replicatorFixture.backup().requests().size());
    }

    @Test
    void aStoreThatHeedsNoConditionIsAskedBeforeEachFirstWrite() {
        // Given
        InMemoryObjectStore overwriting = ReplicatorFixture.bucket("backup", true);
        overwriting.ignoreConditions();

        // When
        try (ReplicatorFixture replicating = new ReplicatorFixture(registry, overwriting)) {
            replicating.replicateAll(registryContent.keys());

            // Then
            assertEquals(3 + 2 + 1 + 1 + 2, replicating.registry().requests().size());
            assertEquals(
                    3 * 2 + 2 * 2 + 3 + 2 + 2, replicating.backup().requests().size());
            registryContent.keys().forEach(key -> assertEquals(1, overwriting.versionCount(key), key));
        }
    }

    private static void assertRequests(ReplicatorFixture pod, List<Request> ofRegistry, List<Request> ofBackup) {
        assertEquals(ofRegistry, pod.registry().requests());
        assertEquals(ofBackup, pod.backup().requests());
    }

    private Digest config() {
        return registryContent.keys().stream()
                .filter(key -> registryContent.layout().parse(key) instanceof LayerLink link
                        && !link.digest().equals(layer))
                .map(key -> ((LayerLink) registryContent.layout().parse(key)).digest())
                .findFirst()
                .orElseThrow();
    }

    private static List<String> inAnyOrder(Request... requests) {
        return inAnyOrder(List.of(requests));
    }

    private static List<String> inAnyOrder(List<Request> requests) {
        return requests.stream().map(Request::toString).sorted().toList();
    }

    private void prime(String... keys) {
        replicatorFixture.replicateAll(List.of(keys));
        replicatorFixture.clearRequests();
    }

    private static Request head(String key) {
        return new Request(Operation.HEAD, key);
    }

    private static Request open(String key) {
        return new Request(Operation.OPEN, key);
    }

    private static Request refusedPut(String key) {
        return new Request(Operation.REFUSED_PUT, key);
    }

    private static Request put(String key) {
        return new Request(Operation.PUT, key);
    }
}
