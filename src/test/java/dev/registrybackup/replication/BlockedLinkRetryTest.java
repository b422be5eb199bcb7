package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.ConditionalWrites;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.ReplicatorFixture.FixtureOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Links whose dependencies are missing in the registry are published and recorded; links above corrupt blobs are blocked. */
class BlockedLinkRetryTest {
    private static final String REPOSITORY = "team/app";
    private static final String TAG = "latest";

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", true);
    private final RandomRegistry registryContent = new RandomRegistry(3);
    private final Digest layer = registryContent.layer(REPOSITORY, 100);
    private final Digest image = registryContent.image(REPOSITORY, layer);
    /** All links above the layer. */
    private final List<String> links = List.of(
            registryContent.layerLink(REPOSITORY, layer),
            registryContent.revisionLink(REPOSITORY, image),
            registryContent.tagIndexLink(REPOSITORY, TAG, image),
            registryContent.tagLink(REPOSITORY, TAG));
    /** An image that is pushed later. */
    private final RandomRegistry child = new RandomRegistry(99);

    private final Digest late = child.image(REPOSITORY, child.layer(REPOSITORY, 10));
    private final ReplicatorFixture fixture = new ReplicatorFixture(registry, backup);

    @BeforeEach
    void push() {
        registryContent.tag(REPOSITORY, TAG, image);
        registryContent.writeTo(registry::seed);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void aSparseIndexIsPublishedAndOnRecord() {
        // Given
        Digest missing = missingImage();
        Digest index = registryContent.index(REPOSITORY, image, missing);
        registryContent.writeTo(registry::seed);
        String link = registryContent.revisionLink(REPOSITORY, index);

        // When
        ReplicationResult result = fixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.PARTIAL, result.status());
        assertEquals(
                missing + ": the registry has no such manifest (a sparse index, or pulled through from elsewhere)",
                result.problem());
        assertBackedUp(link);
        assertTrue(backup.head(registryContent.blobKey(image)).isPresent());
        assertEquals(List.of(record("partial", missing, link)), records());
        assertTrue(text(records().get(0)).contains("\"dependency\":\"" + missing + "\""));
    }

    @Test
    void aLinkIsOnRecordAsIncompleteBeforeItIsPublished() {
        // Given
        Digest missing = missingImage();
        String link = registryContent.revisionLink(REPOSITORY, registryContent.index(REPOSITORY, missing));
        registryContent.writeTo(registry::seed);

        // When
        fixture.replicate(link);

        // Then
        List<String> written = fixture.backup().writtenKeys();
        assertEquals(List.of(record("partial", missing, link), link), written.subList(1, written.size()));
    }

    @Test
    void theTagOfASparseIndexIsPublished() {
        // Given
        Digest missing = missingImage();
        registryContent.tag(REPOSITORY, TAG, registryContent.index(REPOSITORY, missing));
        registryContent.writeTo(registry::seed);

        // When
        ReplicationResult result = fixture.replicate(registryContent.tagLink(REPOSITORY, TAG));

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertBackedUp(registryContent.tagLink(REPOSITORY, TAG));
    }

    @Test
    void theEventOfAChildThatComesLaterCompletesItsParentAndLeavesNoTraceOfTheRecord() {
        // Given
        publishIndexBeforeChild();

        // When
        fixture.startReplicate(child.blobKey(late)).join();
        List<ReplicationResult> unblocked = fixture.unblocked();

        // Then
        assertEquals(
                List.of(ReplicationStatus.PRESENT),
                unblocked.stream().map(ReplicationResult::status).toList());
        assertEquals(0, backup.versionCount("registry-backup/partial/"));
        child.reachableKeys(child.revisionLink(REPOSITORY, late))
                .forEach(key -> assertTrue(backup.head(key).isPresent(), key));
    }

    @Test
    void aChildThatAnotherInstanceCopiedCompletesItsParentToo() {
        // Given
        publishIndexBeforeChild();

        // When
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup)) {
            other.replicate(child.blobKey(late));
            other.runPeriodicWork();
        }

        // Then
        assertEquals(0, backup.versionCount("registry-backup/partial/"));
    }

    @Test
    void aChildThatCameWithoutAnEventOfItsOwnCompletesItsParentWithinAMinute() {
        // Given
        publishIndexBeforeChild();
        registry.seed(child.revisionLink("another/repository", late), LinkContent.of(late));
        fixture.replicate(child.revisionLink("another/repository", late));

        // When
        fixture.runPeriodicWork();

        // Then
        assertEquals(0, backup.versionCount("registry-backup/partial/"));
    }

    @Test
    void aRepairedLayerPublishesLinksThatAnotherInstanceBlockedHoweverManyWait() {
        // Given
        corrupt(registry, layer);
        fixture.replicateAll(links);
        String crowd = "registry-backup/blocked/sha256/" + "0".repeat(64) + "/";
        IntStream.rangeClosed(0, 10_000)
                .forEach(number -> backup.seed(crowd + "link%05d".formatted(number), new byte[0]));
        repair(layer);

        // When
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup)) {
            other.runPeriodicWork();
            other.replicate(registryContent.blobKey(layer));
        }

        // Then
        links.forEach(this::assertBackedUp);
        assertEquals(
                List.of(),
                records().stream().filter(key -> !key.startsWith(crowd)).toList());
    }

    @Test
    void anImageWithTwoMissingLayersWaitsForBoth() {
        // Given
        Digest one = digest("one");
        Digest two = digest("two");
        String link = registryContent.revisionLink(REPOSITORY, registryContent.image(REPOSITORY, one, two));
        registryContent.writeTo(registry::seed);
        fixture.replicate(link);
        registry.seed(registryContent.blobKey(one), bytes("one"));

        // When
        fixture.replicate(registryContent.blobKey(one));

        // Then
        assertEquals(List.of(record("partial", two, link)), records());
    }

    @Test
    void aMissingForeignLayerMakesItsImageIncomplete() {
        // Given
        Digest foreign = digest("windows base layer");
        Digest config = registryContent.layer(REPOSITORY, 10);
        Digest image = registryContent.manifest(
                REPOSITORY, """
                    {"schemaVersion":2,"config":%s,"layers":[{"digest":"%s","size":18,"urls":["https://example.com/layer"]}]}
                    """.formatted(registryContent.descriptor(config), foreign), config);
        registryContent.writeTo(registry::seed);
        String link = registryContent.revisionLink(REPOSITORY, image);

        // When
        ReplicationResult result = fixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.PARTIAL, result.status());
        assertEquals(foreign + ": a foreign layer, whose bytes live at its urls", result.problem());
        assertBackedUp(link);
        assertEquals(List.of(record("partial", foreign, link)), records());
    }

    @Test
    void aForeignLayerThatTheRegistryHasIsCopied() {
        // Given
        Digest foreign = registryContent.blob(bytes("windows base layer"));
        Digest image = registryContent.manifest(
                REPOSITORY,
                "{\"layers\":[{\"digest\":\"%s\",\"size\":18,\"urls\":[\"https://example.com/layer\"]}]}"
                        .formatted(foreign));
        registryContent.writeTo(registry::seed);

        // When
        ReplicationResult result = fixture.replicate(registryContent.revisionLink(REPOSITORY, image));

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertTrue(backup.head(registryContent.blobKey(foreign)).isPresent());
    }

    @Test
    void aLayerLinkWithoutItsBlobIsIncompleteUntilTheBlobComes() {
        // Given
        Digest layer = digest("layer");
        registryContent.mount(REPOSITORY, layer);
        registryContent.writeTo(registry::seed);
        ReplicationResult before = fixture.replicate(registryContent.layerLink(REPOSITORY, layer));
        registry.seed(registryContent.blobKey(layer), bytes("layer"));

        // When
        fixture.replicate(registryContent.blobKey(layer));

        // Then
        assertEquals(ReplicationStatus.PARTIAL, before.status());
        assertEquals(List.of(), records());
    }

    @Test
    void nothingAboveACorruptLayerIsPublished() {
        // Given
        corrupt(registry, layer);

        // When
        List<ReplicationStatus> verdicts = fixture.replicateAll(links);

        // Then
        assertEquals(Collections.nCopies(4, ReplicationStatus.BLOCKED), verdicts);
        links.forEach(link -> assertTrue(backup.head(link).isEmpty(), link));
        assertTrue(backup.head(registryContent.blobKey(layer)).isEmpty());
        assertEquals(
                new TreeSet<>(List.of(
                        record("blocked", layer, registryContent.layerLink(REPOSITORY, layer)),
                        record("blocked", layer, registryContent.revisionLink(REPOSITORY, image)),
                        record("blocked", image, registryContent.tagIndexLink(REPOSITORY, TAG, image)),
                        record("blocked", image, registryContent.tagLink(REPOSITORY, TAG)))),
                new TreeSet<>(records()));
    }

    @Test
    void theEventOfARepairedLayerPublishesEverythingAboveIt() {
        // Given
        corrupt(registry, layer);
        fixture.replicateAll(links);
        repair(layer);

        // When
        ReplicationResult result = fixture.replicate(registryContent.blobKey(layer));

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        links.forEach(this::assertBackedUp);
        assertEquals(0, backup.versionCount("registry-backup/blocked/"));
    }

    @Test
    void theEventOfARepairedManifestPublishesEverythingAboveIt() {
        // Given
        corrupt(registry, image);
        List<ReplicationStatus> before = fixture.replicateAll(links);
        repair(image);

        // When
        fixture.replicate(registryContent.blobKey(image));

        // Then
        assertEquals(
                List.of(
                        ReplicationStatus.COPIED,
                        ReplicationStatus.BLOCKED,
                        ReplicationStatus.BLOCKED,
                        ReplicationStatus.BLOCKED),
                before);
        links.forEach(this::assertBackedUp);
        assertEquals(List.of(), records());
    }

    @Test
    void aCorruptChildThreeLevelsDownIsReportedAtTheTop() {
        // Given
        Digest middle = registryContent.index(REPOSITORY, image);
        Digest top = registryContent.index(REPOSITORY, middle);
        registryContent.writeTo(registry::seed);
        corrupt(registry, layer);
        String link = registryContent.revisionLink(REPOSITORY, top);

        // When
        ReplicationResult result = fixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.BLOCKED, result.status());
        assertTrue(result.problem().startsWith(layer + ": Expected " + layer), result.problem());
        assertEquals(List.of(record("blocked", layer, link)), records());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anIndexThatSharesACorruptChildWithItsSiblingIsBlockedToo(boolean first) {
        // Given
        Digest one = registryContent.index(REPOSITORY, image);
        Digest two = registryContent.index(REPOSITORY, image);
        Digest top = registryContent.index(REPOSITORY, one, two);
        registryContent.writeTo(registry::seed);
        corrupt(registry, layer);
        String link = registryContent.revisionLink(REPOSITORY, first ? one : two);

        // When
        try (ReplicatorFixture narrow = new ReplicatorFixture(registry, backup, new FixtureOptions(1, 1, false))) {
            List<ReplicationStatus> verdicts =
                    narrow.replicateAll(List.of(registryContent.revisionLink(REPOSITORY, top), link));

            // Then
            assertEquals(List.of(ReplicationStatus.BLOCKED, ReplicationStatus.BLOCKED), verdicts);
        }
        assertTrue(backup.head(link).isEmpty());
    }

    @Test
    void anIndexThatSharesAChildWithItsSiblingIsNotPublishedBeforeThatChild() {
        // Given
        Digest layer = registryContent.layer(REPOSITORY, 2 << 20);
        Digest image = registryContent.image(REPOSITORY, layer);
        Digest one = registryContent.index(REPOSITORY, image);
        Digest two = registryContent.index(REPOSITORY, image);
        String top = registryContent.revisionLink(REPOSITORY, registryContent.index(REPOSITORY, one, two));
        List<String> links =
                List.of(registryContent.revisionLink(REPOSITORY, one), registryContent.revisionLink(REPOSITORY, two));
        List<String> others = IntStream.range(0, 10)
                .mapToObj(number -> registryContent.revisionLink(
                        "others", registryContent.image("others", registryContent.layer("others", number))))
                .toList();
        registryContent.writeTo(registry::seed);
        CountDownLatch release = new CountDownLatch(1);

        // When
        try (ReplicatorFixture narrow = new ReplicatorFixture(registry, backup, new FixtureOptions(1, 1, false))) {
            narrow.registry().beforeRequest((operation, key) -> {
                if (operation == Operation.OPEN && key.equals(registryContent.blobKey(layer))) {
                    await(release);
                }
            });
            List<CompletableFuture<ReplicationResult>> asked = new ArrayList<>(List.of(narrow.startReplicate(top)));
            narrow.replicateAll(others.subList(0, 5));
            links.forEach(link -> asked.add(narrow.startReplicate(link)));
            narrow.replicateAll(others.subList(5, 10));
            List<String> whileTheLayerStalls = narrow.backup().writtenKeys();
            release.countDown();
            List<ReplicationStatus> verdicts =
                    asked.stream().map(outcome -> outcome.join().status()).toList();

            // Then
            assertEquals(
                    List.of(),
                    links.stream().filter(whileTheLayerStalls::contains).toList());
            assertEquals(Collections.nCopies(3, ReplicationStatus.COPIED), verdicts);
        }
    }

    @Test
    void theRecordOfABlockedLinkThatAnotherInstancePublishesIsDeleted() {
        // Given
        corrupt(registry, layer);
        fixture.replicateAll(links);
        repair(layer);

        // When
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup)) {
            other.replicate(registryContent.revisionLink(REPOSITORY, image));
            other.runPeriodicWork();
        }
        fixture.runPeriodicWork();

        // Then
        links.forEach(this::assertBackedUp);
        assertEquals(List.of(), records());
    }

    @Test
    void aNewInstancePublishesLinksThatItsPredecessorBlocked() {
        // Given
        corrupt(registry, layer);
        fixture.replicateAll(links);
        repair(layer);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            fresh.replicate(registryContent.blobKey(layer));
            fresh.runPeriodicWork();
        }

        // Then
        links.forEach(this::assertBackedUp);
        assertEquals(List.of(), records());
    }

    @Test
    void aGoodCopyOfALayerThatIsTruncatedInTheRegistryIsEnoughForTheLinksAboveIt() {
        // Given
        fixture.replicate(registryContent.blobKey(layer));
        registry.seed(registryContent.blobKey(layer), new byte[50]);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            ReplicationStatus blob =
                    fresh.replicate(registryContent.blobKey(layer)).status();
            List<ReplicationStatus> above = fresh.replicateAll(links);

            // Then
            assertEquals(ReplicationStatus.SOURCE_CORRUPT, blob);
            assertEquals(Collections.nCopies(4, ReplicationStatus.COPIED), above);
        }
        assertArrayEquals(
                registryContent.content(registryContent.blobKey(layer)), backup.bytes(registryContent.blobKey(layer)));
    }

    @Test
    void aManifestDamagedInTheBackupIsReplacedFromTheRegistry() {
        // Given
        fixture.replicate(registryContent.blobKey(image));
        corrupt(backup, image);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            ReplicationResult result = fresh.replicate(registryContent.revisionLink(REPOSITORY, image));

            // Then
            assertEquals(ReplicationStatus.COPIED, result.status());
        }
        registryContent
                .reachableKeys(registryContent.revisionLink(REPOSITORY, image))
                .forEach(this::assertBackedUp);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no JSON", "[]", "{\"layers\":3}", "{\"manifests\":[{\"digest\":\"sha256:short\"},7]}"})
    void contentThatIsNotAManifestIsKeptAsItIs(String text) {
        // Given
        Digest odd = registryContent.manifest(REPOSITORY, text);
        registryContent.writeTo(registry::seed);
        String link = registryContent.revisionLink(REPOSITORY, odd);

        // When
        ReplicationResult result = fixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertBackedUp(link);
        assertBackedUp(registryContent.blobKey(odd));
    }

    /** Publishes an index, and then writes the image that it names into the registry. */
    private void publishIndexBeforeChild() {
        String link = registryContent.revisionLink(REPOSITORY, registryContent.index(REPOSITORY, late));
        registryContent.writeTo(registry::seed);
        fixture.replicate(link);
        child.writeTo(registry::seed);
    }

    private void repair(Digest blob) {
        registry.seed(registryContent.blobKey(blob), registryContent.content(registryContent.blobKey(blob)));
    }

    private void corrupt(InMemoryObjectStore store, Digest blob) {
        byte[] content = registryContent.content(registryContent.blobKey(blob)).clone();
        content[content.length / 2] ^= 2;
        store.put(
                registryContent.blobKey(blob),
                ContentSource.of(content),
                store.head(registryContent.blobKey(blob))
                        .map(ObjectInfo::metadata)
                        .orElse(Map.of()));
    }

    private void assertBackedUp(String key) {
        assertArrayEquals(registryContent.content(key), backup.bytes(key), key);
    }

    private List<String> records() {
        return backup.keys("registry-backup/").stream()
                .filter(key -> !key.equals(VerifiedMarker.KEY) && !key.equals(ConditionalWrites.KEY))
                .toList();
    }

    private String text(String key) {
        return new String(backup.bytes(key), StandardCharsets.UTF_8);
    }

    private static String record(String why, Digest part, String link) {
        return "registry-backup/" + why + "/" + part.algorithm().label() + "/" + part.hex() + "/" + link;
    }

    private static Digest missingImage() {
        return digest("an image that is elsewhere");
    }

    private static Digest digest(String content) {
        return Digest.of(DigestAlgorithm.SHA256, bytes(content));
    }

    private static byte[] bytes(String content) {
        return content.getBytes(StandardCharsets.UTF_8);
    }

    private static void await(CountDownLatch latch) {
        try {
            assertTrue(latch.await(30, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
