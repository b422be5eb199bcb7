package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Links whose closure the registry lacks in part are published and on record; links above corrupt blobs are not. */
class BlockedLinkRetryTest {
    private static final String REPOSITORY = "team/app";
    private static final String TAG = "latest";

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", true);
    private final RandomRegistry made = new RandomRegistry(3);
    private final ReplicatorFixture replicatorFixture = new ReplicatorFixture(registry, backup);

    @AfterEach
    void close() {
        replicatorFixture.close();
    }

    @Test
    void aSparseIndexIsPublishedAndOnRecord() {
        // Given
        Digest here = made.image(REPOSITORY, made.layer(REPOSITORY, 10));
        Digest missing = missingImage();
        Digest index = made.index(REPOSITORY, here, missing);
        made.writeTo(registry::seed);
        String link = made.revisionLink(REPOSITORY, index);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.INCOMPLETE, replicationResult.replicationStatus());
        assertEquals(
                missing + ": the registry has no such manifest (a sparse index, or pulled through from elsewhere)",
                replicationResult.problem());
        assertBackedUp(link);
        assertTrue(backup.find(made.blobKey(here)).isPresent());
        assertEquals(List.of(record("incomplete", missing, link)), records());
        assertTrue(text(records().get(0)).contains("\"part\":\"" + missing + "\""));
    }

    @Test
    void aLinkIsOnRecordAsIncompleteBeforeItIsPublished() {
        // Given
        Digest missing = missingImage();
        String link = made.revisionLink(REPOSITORY, made.index(REPOSITORY, missing));
        made.writeTo(registry::seed);

        // When
        replicatorFixture.replicate(link);

        // Then
        List<String> written = replicatorFixture.backup().written();
        assertEquals(List.of(record("incomplete", missing, link), link), written.subList(1, written.size()));
    }

    @Test
    void theTagOfASparseIndexIsPublished() {
        // Given
        Digest missing = missingImage();
        made.tag(REPOSITORY, TAG, made.index(REPOSITORY, missing));
        made.writeTo(registry::seed);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(made.tagLink(REPOSITORY, TAG));

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertBackedUp(made.tagLink(REPOSITORY, TAG));
    }

    @Test
    void theEventOfAChildThatComesLaterCompletesItsParentAndLeavesNoTraceOfTheRecord() {
        // Given
        RandomRegistry child = new RandomRegistry(99);
        Digest late = child.image(REPOSITORY, child.layer(REPOSITORY, 10));
        String link = made.revisionLink(REPOSITORY, made.index(REPOSITORY, late));
        made.writeTo(registry::seed);
        replicatorFixture.replicate(link);
        child.writeTo(registry::seed);

        // When
        replicatorFixture.begin(child.blobKey(late)).join();
        List<ReplicationResult> woken = replicatorFixture.woken();

        // Then
        assertEquals(
                List.of(ReplicationStatus.PRESENT),
                woken.stream().map(ReplicationResult::replicationStatus).toList());
        assertEquals(0, backup.versionCount("registry-backup/incomplete/"));
        child.closure(child.revisionLink(REPOSITORY, late))
                .forEach(key -> assertTrue(backup.find(key).isPresent(), key));
    }

    @Test
    void aChildThatAnotherPodBroughtCompletesItsParentToo() {
        // Given
        RandomRegistry child = new RandomRegistry(99);
        Digest late = child.image(REPOSITORY, child.layer(REPOSITORY, 10));
        String link = made.revisionLink(REPOSITORY, made.index(REPOSITORY, late));
        made.writeTo(registry::seed);
        replicatorFixture.replicate(link);
        child.writeTo(registry::seed);

        // When
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup)) {
            other.replicate(child.blobKey(late));
            other.keepHouse();
        }

        // Then
        assertEquals(0, backup.versionCount("registry-backup/incomplete/"));
    }

    @Test
    void aChildThatCameWithoutAnEventOfItsOwnCompletesItsParentWithinAMinute() {
        // Given
        RandomRegistry child = new RandomRegistry(99);
        Digest late = child.image(REPOSITORY, child.layer(REPOSITORY, 10));
        String link = made.revisionLink(REPOSITORY, made.index(REPOSITORY, late));
        made.writeTo(registry::seed);
        replicatorFixture.replicate(link);
        child.writeTo(registry::seed);
        registry.seed(child.revisionLink("another/repository", late), LinkContent.of(late));
        replicatorFixture.replicate(child.revisionLink("another/repository", late));

        // When
        replicatorFixture.keepHouse();

        // Then
        assertEquals(0, backup.versionCount("registry-backup/incomplete/"));
    }

    @Test
    void aRepairedLayerPublishesWhatAnotherPodWithheldHoweverManyWait() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest image = taggedImage(layer);
        damage(registry, layer);
        replicatorFixture.replicateAll(linksAbove(layer, image));
        String crowd = "registry-backup/withheld/sha256/" + "0".repeat(64) + "/";
        IntStream.rangeClosed(0, 10_000)
                .forEach(number -> backup.seed(crowd + "link%05d".formatted(number), new byte[0]));
        registry.seed(made.blobKey(layer), made.content(made.blobKey(layer)));

        // When
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup)) {
            other.keepHouse();
            other.replicate(made.blobKey(layer));
        }

        // Then
        linksAbove(layer, image).forEach(this::assertBackedUp);
        assertEquals(
                List.of(),
                records().stream().filter(key -> !key.startsWith(crowd)).toList());
    }

    @Test
    void anImageThatLacksTwoLayersWaitsForBoth() {
        // Given
        Digest one = digest("one");
        Digest two = digest("two");
        String link = made.revisionLink(REPOSITORY, made.image(REPOSITORY, one, two));
        made.writeTo(registry::seed);
        replicatorFixture.replicate(link);
        registry.seed(made.blobKey(one), bytes("one"));

        // When
        replicatorFixture.replicate(made.blobKey(one));

        // Then
        assertEquals(List.of(record("incomplete", two, link)), records());
    }

    @Test
    void aForeignLayerThatTheRegistryLacksMakesItsImageIncomplete() {
        // Given
        Digest foreign = digest("windows base layer");
        Digest config = made.layer(REPOSITORY, 10);
        Digest image = made.manifest(REPOSITORY, """
                {"schemaVersion":2,"config":%s,"layers":[{"digest":"%s","size":18,"urls":["https://example.com/layer"]}]}
                """.formatted(made.descriptor(config), foreign), config);
        made.writeTo(registry::seed);
        String link = made.revisionLink(REPOSITORY, image);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.INCOMPLETE, replicationResult.replicationStatus());
        assertEquals(foreign + ": a foreign layer, whose bytes live at its urls", replicationResult.problem());
        assertBackedUp(link);
        assertEquals(List.of(record("incomplete", foreign, link)), records());
    }

    @Test
    void aForeignLayerThatTheRegistryHasIsCopied() {
        // Given
        Digest foreign = made.blob(bytes("windows base layer"));
        Digest image = made.manifest(
                REPOSITORY,
                "{\"layers\":[{\"digest\":\"%s\",\"size\":18,\"urls\":[\"https://example.com/layer\"]}]}"
                        .formatted(foreign));
        made.writeTo(registry::seed);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(made.revisionLink(REPOSITORY, image));

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertTrue(backup.find(made.blobKey(foreign)).isPresent());
    }

    @Test
    void aLayerLinkWithoutItsBlobIsIncompleteUntilTheBlobComes() {
        // Given
        Digest layer = digest("layer");
        made.mount(REPOSITORY, layer);
        made.writeTo(registry::seed);
        ReplicationResult before = replicatorFixture.replicate(made.layerLink(REPOSITORY, layer));
        registry.seed(made.blobKey(layer), bytes("layer"));

        // When
        replicatorFixture.replicate(made.blobKey(layer));

        // Then
        assertEquals(ReplicationStatus.INCOMPLETE, before.replicationStatus());
        assertEquals(List.of(), records());
    }

    @Test
    void nothingAboveACorruptLayerIsPublished() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest image = taggedImage(layer);
        damage(registry, layer);

        // When
        List<ReplicationStatus> verdicts = replicatorFixture.replicateAll(linksAbove(layer, image));

        // Then
        assertEquals(
                List.of(
                        ReplicationStatus.WITHHELD,
                        ReplicationStatus.WITHHELD,
                        ReplicationStatus.WITHHELD,
                        ReplicationStatus.WITHHELD),
                verdicts);
        linksAbove(layer, image).forEach(link -> assertTrue(backup.find(link).isEmpty(), link));
        assertTrue(backup.find(made.blobKey(layer)).isEmpty());
        assertEquals(
                new TreeSet<>(List.of(
                        record("withheld", layer, made.layerLink(REPOSITORY, layer)),
                        record("withheld", layer, made.revisionLink(REPOSITORY, image)),
                        record("withheld", image, made.tagIndexLink(REPOSITORY, TAG, image)),
                        record("withheld", image, made.tagLink(REPOSITORY, TAG)))),
                new TreeSet<>(records()));
    }

    @Test
    void theEventOfARepairedLayerPublishesEverythingAboveIt() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest image = taggedImage(layer);
        damage(registry, layer);
        replicatorFixture.replicateAll(linksAbove(layer, image));
        registry.seed(made.blobKey(layer), made.content(made.blobKey(layer)));

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(made.blobKey(layer));

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        linksAbove(layer, image).forEach(this::assertBackedUp);
        assertEquals(0, backup.versionCount("registry-backup/withheld/"));
    }

    @Test
    void theEventOfARepairedManifestPublishesEverythingAboveIt() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest image = taggedImage(layer);
        damage(registry, image);
        List<ReplicationStatus> before = replicatorFixture.replicateAll(linksAbove(layer, image));
        registry.seed(made.blobKey(image), made.content(made.blobKey(image)));

        // When
        replicatorFixture.replicate(made.blobKey(image));

        // Then
        assertEquals(
                List.of(
                        ReplicationStatus.COPIED,
                        ReplicationStatus.WITHHELD,
                        ReplicationStatus.WITHHELD,
                        ReplicationStatus.WITHHELD),
                before);
        linksAbove(layer, image).forEach(this::assertBackedUp);
        assertEquals(List.of(), records());
    }

    @Test
    void aCorruptChildThreeLevelsDownIsToldAtTheTop() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest middle = made.index(REPOSITORY, made.image(REPOSITORY, layer));
        Digest top = made.index(REPOSITORY, middle);
        made.writeTo(registry::seed);
        damage(registry, layer);
        String link = made.revisionLink(REPOSITORY, top);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.WITHHELD, replicationResult.replicationStatus());
        assertTrue(replicationResult.problem().startsWith(layer + ": Expected " + layer), replicationResult.problem());
        assertEquals(List.of(record("withheld", layer, link)), records());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anIndexThatSharesACorruptChildWithItsSiblingIsWithheldToo(boolean first) {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest image = made.image(REPOSITORY, layer);
        Digest one = made.index(REPOSITORY, image);
        Digest two = made.index(REPOSITORY, image);
        Digest top = made.index(REPOSITORY, one, two);
        made.writeTo(registry::seed);
        damage(registry, layer);
        String link = made.revisionLink(REPOSITORY, first ? one : two);

        // When
        try (ReplicatorFixture narrow =
                new ReplicatorFixture(registry, backup, new ReplicatorFixture.Shape(1, 1, false))) {
            List<ReplicationStatus> verdicts = narrow.replicateAll(List.of(made.revisionLink(REPOSITORY, top), link));

            // Then
            assertEquals(List.of(ReplicationStatus.WITHHELD, ReplicationStatus.WITHHELD), verdicts);
        }
        assertTrue(backup.find(link).isEmpty());
    }

    @Test
    void anIndexThatSharesAChildWithItsSiblingIsNotPublishedBeforeThatChild() {
        // Given
        Digest layer = made.layer(REPOSITORY, 2 << 20);
        Digest image = made.image(REPOSITORY, layer);
        Digest one = made.index(REPOSITORY, image);
        Digest two = made.index(REPOSITORY, image);
        String top = made.revisionLink(REPOSITORY, made.index(REPOSITORY, one, two));
        List<String> links = List.of(made.revisionLink(REPOSITORY, one), made.revisionLink(REPOSITORY, two));
        List<String> others = IntStream.range(0, 10)
                .mapToObj(number -> made.revisionLink("others", made.image("others", made.layer("others", number))))
                .toList();
        made.writeTo(registry::seed);
        CountDownLatch release = new CountDownLatch(1);

        // When
        try (ReplicatorFixture narrow =
                new ReplicatorFixture(registry, backup, new ReplicatorFixture.Shape(1, 1, false))) {
            narrow.registry().before((operation, key) -> {
                if (operation == Operation.OPEN && key.equals(made.blobKey(layer))) {
                    await(release);
                }
            });
            List<CompletableFuture<ReplicationResult>> asked = new ArrayList<>(List.of(narrow.begin(top)));
            narrow.replicateAll(others.subList(0, 5));
            links.forEach(link -> asked.add(narrow.begin(link)));
            narrow.replicateAll(others.subList(5, 10));
            List<String> whileTheLayerStalls = narrow.backup().written();
            release.countDown();
            List<ReplicationStatus> verdicts = asked.stream()
                    .map(outcome -> outcome.join().replicationStatus())
                    .toList();

            // Then
            assertEquals(
                    List.of(),
                    links.stream().filter(whileTheLayerStalls::contains).toList());
            assertEquals(
                    List.of(ReplicationStatus.COPIED, ReplicationStatus.COPIED, ReplicationStatus.COPIED), verdicts);
        }
    }

    @Test
    void aWithheldLinkThatAnotherPodPublishesIsTakenOffTheRecord() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest image = taggedImage(layer);
        damage(registry, layer);
        replicatorFixture.replicateAll(linksAbove(layer, image));
        registry.seed(made.blobKey(layer), made.content(made.blobKey(layer)));

        // When
        try (ReplicatorFixture other = new ReplicatorFixture(registry, backup)) {
            other.replicate(made.revisionLink(REPOSITORY, image));
            other.keepHouse();
        }
        replicatorFixture.keepHouse();

        // Then
        linksAbove(layer, image).forEach(this::assertBackedUp);
        assertEquals(List.of(), records());
    }

    @Test
    void aPodThatStartsAfreshPublishesWhatItsPredecessorWithheld() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest image = taggedImage(layer);
        damage(registry, layer);
        replicatorFixture.replicateAll(linksAbove(layer, image));
        registry.seed(made.blobKey(layer), made.content(made.blobKey(layer)));

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            fresh.replicate(made.blobKey(layer));
            fresh.keepHouse();
        }

        // Then
        linksAbove(layer, image).forEach(this::assertBackedUp);
        assertEquals(List.of(), records());
    }

    @Test
    void aGoodCopyOfALayerThatIsTruncatedInTheRegistryIsEnoughForTheLinksAboveIt() {
        // Given
        Digest layer = made.layer(REPOSITORY, 100);
        Digest image = taggedImage(layer);
        replicatorFixture.replicate(made.blobKey(layer));
        registry.seed(made.blobKey(layer), new byte[50]);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            ReplicationStatus blob = fresh.replicate(made.blobKey(layer)).replicationStatus();
            List<ReplicationStatus> links = fresh.replicateAll(linksAbove(layer, image));

            // Then
            assertEquals(ReplicationStatus.CORRUPT, blob);
            assertEquals(
                    List.of(
                            ReplicationStatus.COPIED,
                            ReplicationStatus.COPIED,
                            ReplicationStatus.COPIED,
                            ReplicationStatus.COPIED),
                    links);
        }
        assertArrayEquals(made.content(made.blobKey(layer)), backup.bytes(made.blobKey(layer)));
    }

    @Test
    void aManifestDamagedInTheBackupIsReplacedFromTheRegistry() {
        // Given
        Digest image = made.image(REPOSITORY, made.layer(REPOSITORY, 100));
        made.writeTo(registry::seed);
        replicatorFixture.replicate(made.blobKey(image));
        damage(backup, image);

        // When
        try (ReplicatorFixture fresh = new ReplicatorFixture(registry, backup)) {
            ReplicationResult replicationResult = fresh.replicate(made.revisionLink(REPOSITORY, image));

            // Then
            assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        }
        made.closure(made.revisionLink(REPOSITORY, image)).forEach(this::assertBackedUp);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "no JSON", "[]", "{\"layers\":3}", "{\"manifests\":[{\"digest\":\"sha256:short\"},7]}"})
    void whatIsNoManifestIsKeptAsItIs(String text) {
        // Given
        Digest odd = made.manifest(REPOSITORY, text);
        made.writeTo(registry::seed);
        String link = made.revisionLink(REPOSITORY, odd);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(link);

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertBackedUp(link);
        assertBackedUp(made.blobKey(odd));
    }

    private Digest taggedImage(Digest layer) {
        Digest image = made.image(REPOSITORY, layer);
        made.tag(REPOSITORY, TAG, image);
        made.writeTo(registry::seed);
        return image;
    }

    private List<String> linksAbove(Digest layer, Digest image) {
        return List.of(
                made.layerLink(REPOSITORY, layer),
                made.revisionLink(REPOSITORY, image),
                made.tagIndexLink(REPOSITORY, TAG, image),
                made.tagLink(REPOSITORY, TAG));
    }

    private void damage(InMemoryObjectStore store, Digest blob) {
        byte[] content = made.content(made.blobKey(blob)).clone();
        content[content.length / 2] ^= 2;
        store.put(
                made.blobKey(blob),
                ContentSource.of(content),
                store.find(made.blobKey(blob)).map(ObjectInfo::metadata).orElse(Map.of()));
    }

    private void assertBackedUp(String key) {
        assertArrayEquals(made.content(key), backup.bytes(key), key);
    }

    private List<String> records() {
        return backup.keys("registry-backup/").stream()
                .filter(key -> !key.equals("registry-backup/adopted"))
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
