package dev.registrybackup.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RepositoryName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CatalogTest {
    private static final String APP = "team/app";
    private static final String PUSHED = "2026-01-02T03:04:05Z";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private final RandomRegistry registry = new RandomRegistry(1);
    private final Catalog catalog =
            new Catalog(new RegistryStore(backup, registry.layout()), workerPools, clock, Optional.empty());

    @AfterEach
    void close() {
        workerPools.close();
    }

    /** Copies all that was pushed, as the backup does. */
    private void copyAll() {
        registry.writeTo((key, content) -> bucket.put(
                key, ContentSource.of(content), Map.of("registry-last-modified", PUSHED, "registry-etag", "e")));
    }

    /** As those who ask for it read it. */
    private ObjectNode liveDocument() {
        try {
            return (ObjectNode) JSON.readTree(
                    catalog.liveDocument(new RepositoryName(APP)).orElseThrow().toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode image(ObjectNode document, Digest digest) {
        return StreamSupport.stream(document.path("images").spliterator(), false)
                .filter(image -> image.path("digest").asText().equals(digest.toString()))
                .findFirst()
                .orElseThrow();
    }

    /** An image with one layer of 100 bytes. */
    private Digest image(String config) {
        return imageOf(config, registry.layer(APP, 100));
    }

    private Digest imageOf(String config, Digest layer) {
        Digest stored = registry.blob(config.getBytes(StandardCharsets.UTF_8));
        registry.mount(APP, stored);
        return registry.manifest(
                APP,
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"config\":%s,\"layers\":[%s]}"
                        .formatted(registry.descriptor(stored), registry.descriptor(layer)),
                stored,
                layer);
    }

    private static String config(String architecture) {
        return "{\"os\":\"linux\",\"architecture\":\"%s\",\"variant\":\"v8\",\"created\":\"2025-12-31T00:00:00Z\"}"
                .formatted(architecture);
    }

    @Test
    void anIndexOfTwoPlatformsIsDescribedInFull() throws IOException {
        // Given
        Digest arm = image(config("arm64"));
        Digest unknown = image("{}");
        String index = "{\"schemaVersion\":2,\"manifests\":["
                + "{\"digest\":\"%s\",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}},"
                + "{\"digest\":\"%s\",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}";
        Digest old = registry.manifest(APP, "{\"manifests\":[],\"annotations\":{}}");
        Digest both = registry.manifest(APP, index.formatted(arm, unknown), arm, unknown);
        registry.tag(APP, "v1", old);
        registry.tag(APP, "v1", both);
        copyAll();
        int armSize = size(arm) + config("arm64").length() + 100;
        int unknownSize = size(unknown) + 2 + 100;

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals(
                JSON.readTree("""
                    {"repository":"team/app","at":"%s",
                     "counts":{"images":4,"tags":1,"restorable":4,"size":%d},
                     "images":[],
                     "tags":[{"tag":"v1","digest":"%s","time":"%s","history":[
                       {"digest":"%s","time":"%s"},{"digest":"%s","time":"%s"}]}]}
                    """.formatted(
                                SettableClock.START,
                                armSize + unknownSize + size(both) + size(old),
                                both,
                                PUSHED,
                                min(old, both),
                                PUSHED,
                                max(old, both),
                                PUSHED)),
                document.deepCopy().set("images", JsonNodeFactory.instance.arrayNode()));
        assertEquals(
                JSON.readTree(
                        """
                        {"digest":"%s","mediaType":"application/vnd.oci.image.index.v1+json",
                         "platforms":[
                           {"os":"linux","architecture":"arm64","variant":"v8","digest":"%s"},
                           {"os":"unknown","architecture":"unknown","digest":"%s"}],
                         "size":%d,"children":["%s","%s"],"tags":["v1"],"pushed":"%s","restorable":true}
                        """.formatted(both, arm, unknown, armSize + unknownSize + size(both), arm, unknown, PUSHED)),
                image(document, both));
        assertEquals(JSON.readTree("""
            {"digest":"%s","mediaType":"application/vnd.oci.image.manifest.v1+json",
             "platforms":[{"os":"linux","architecture":"arm64","variant":"v8"}],
             "created":"2025-12-31T00:00:00Z","size":%d,"tags":[],"pushed":"%s","restorable":true}
            """.formatted(arm, armSize, PUSHED)), image(document, arm));
        assertEquals(JSON.readTree("[]"), image(document, unknown).path("platforms"));
    }

    private int size(Digest blob) {
        return registry.content(registry.blobKey(blob)).length;
    }

    private static Digest min(Digest one, Digest other) {
        return one.toString().compareTo(other.toString()) < 0 ? one : other;
    }

    private static Digest max(Digest one, Digest other) {
        return min(one, other).equals(one) ? other : one;
    }

    @Test
    void sharedLayersAreCountedOnce() {
        // Given
        Digest layer = registry.layer(APP, 1000);
        Digest one = imageOf("{\"one\":1}", layer);
        Digest two = imageOf("{\"two\":2}", layer);
        copyAll();

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals(
                size(one) + size(two) + 18 + 1000,
                document.path("counts").path("size").asInt());
        assertEquals(size(one) + 9 + 1000, image(document, one).path("size").asInt());
    }

    @Test
    void anImageWithoutALayerNamesIt() {
        // Given
        Digest layer = registry.layer(APP, 1000);
        Digest image = imageOf("{}", layer);
        Digest other = image("{}");
        copyAll();
        bucket.delete(registry.blobKey(layer), Optional.empty());

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals("false", image(document, image).path("restorable").toString());
        assertEquals(
                "[\"%s\"]".formatted(layer),
                image(document, image).path("missing").toString());
        assertTrue(image(document, other).path("restorable").asBoolean());
        assertEquals(1, document.path("counts").path("restorable").asInt());
    }

    @Test
    void aLayerOfAnotherSizeIsMissing() {
        // Given
        Digest layer = registry.layer(APP, 1000);
        Digest image = imageOf("{}", layer);
        copyAll();
        bucket.seed(registry.blobKey(layer), new byte[999]);

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals(
                "[\"%s\"]".formatted(layer),
                image(document, image).path("missing").toString());
    }

    @Test
    void aCorruptConfigIsMissing() {
        // Given
        Digest image = image("{\"os\":\"linux\"}");
        Digest config = Digest.of(DigestAlgorithm.SHA256, "{\"os\":\"linux\"}".getBytes(StandardCharsets.UTF_8));
        copyAll();
        bucket.seed(registry.blobKey(config), "{\"os\":\"minix\"}".getBytes(StandardCharsets.UTF_8));

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals(
                "[\"%s\"]".formatted(config),
                image(document, image).path("missing").toString());
        assertEquals("[]", image(document, image).path("platforms").toString());
    }

    @Test
    void aSparseIndexIsRestorable() {
        // Given
        Digest absent = Digest.of(DigestAlgorithm.SHA256, registry.bytes(9));
        Digest index = registry.index(APP, image("{}"), absent);
        copyAll();

        // When
        JsonNode image = image(liveDocument(), index);

        // Then
        assertTrue(image.path("restorable").asBoolean());
        assertEquals("[\"%s\"]".formatted(absent), image.path("sparse").toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"schemaVersion\":1,\"fsLayers\":[],\"signatures\":[]} ->"
                        + " application/vnd.docker.distribution.manifest.v1+prettyjws",
                "{\"schemaVersion\":1,\"fsLayers\":[]} -> application/vnd.docker.distribution.manifest.v1+json",
                "{\"manifests\":[]} -> application/vnd.oci.image.index.v1+json",
                "{\"manifests\":null,\"layers\":[]} -> application/vnd.oci.image.manifest.v1+json",
                "{\"mediaType\":\"application/x\",\"manifests\":[]} -> application/x"
            })
    void aManifestThatStatesNoMediaTypeIsKnownByItsFields(String rule) {
        // Given
        List<String> both = Arrays.asList(rule.split(" -> ", -1));
        Digest image = registry.manifest(APP, both.get(0));
        copyAll();

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals(both.get(1), image(document, image).path("mediaType").asText());
    }

    @Test
    void timesThatAreNotTheRegistrysAreMarked() {
        // Given
        Digest image = image("{}");
        registry.tag(APP, "v1", image);
        registry.writeTo(bucket::seed);

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals(
                SettableClock.START.toString(),
                image(document, image).path("pushed").asText());
        assertTrue(image(document, image).path("approximate").asBoolean());
        assertTrue(document.path("tags").path(0).path("approximate").asBoolean());
    }

    @Test
    void aTagWithoutASoundLinkPointsNowhere() {
        // Given
        registry.tag(APP, "v1", image("{}"));
        copyAll();
        bucket.seed(registry.tagLink(APP, "v1"), new byte[0]);

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals("v1", document.path("tags").path(0).path("tag").asText());
        assertTrue(document.path("tags").path(0).path("digest").isMissingNode());
    }

    @Test
    void aTagThatMovesWhileTheDocumentIsMadePointsToItsNewImage() {
        // Given: a tag without history, which is read
        Digest moved = image("{\"os\":\"linux\"}");
        Digest old = image("{}");
        registry.tag(APP, "v1", old);
        copyAll();
        bucket.delete(registry.tagIndexLink(APP, "v1", old), Optional.empty());
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN && key.equals(registry.tagLink(APP, "v1"))) {
                bucket.seed(key, LinkContent.of(moved));
            }
        });

        // When
        ObjectNode document = liveDocument();

        // Then
        assertEquals(
                moved.toString(), document.path("tags").path(0).path("digest").asText());
    }

    @Test
    void aRepositoryThatTheBackupHasNoLinkOfIsNone() {
        // Given
        registry.layer("team/app/below", 10);
        copyAll();

        // When
        Optional<ObjectNode> document = catalog.liveDocument(new RepositoryName(APP));

        // Then
        assertEquals(Optional.empty(), document);
    }

    @Test
    void eachManifestAndConfigIsReadOnce() {
        // Given
        Digest first = image(config("arm64"));
        Digest second = image(config("amd64"));
        copyAll();

        // When
        liveDocument();

        // Then
        List<String> read = backup.requests().stream()
                .filter(request -> request.operation() == Operation.OPEN)
                .map(Request::key)
                .sorted()
                .toList();
        List<String> manifestsAndConfigs = Stream.of(
                        first,
                        second,
                        Digest.of(DigestAlgorithm.SHA256, config("arm64").getBytes(StandardCharsets.UTF_8)),
                        Digest.of(DigestAlgorithm.SHA256, config("amd64").getBytes(StandardCharsets.UTF_8)))
                .map(registry::blobKey)
                .sorted()
                .toList();
        assertEquals(manifestsAndConfigs, read);
    }

    @Test
    void missingMetadataIsNotInvented() {
        // Given
        Digest image = image("{}");
        copyAll();
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN && key.equals(registry.blobKey(image))) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "Failed to read it: a test says so");
            }
        });

        // When
        ObjectStoreException thrown = assertThrows(ObjectStoreException.class, this::liveDocument);

        // Then
        assertEquals(StoreError.UNAVAILABLE, thrown.error());
    }

    private static ObjectNode document(String repository, int images) {
        ObjectNode document = JsonNodeFactory.instance
                .objectNode()
                .put("repository", repository)
                .put("at", SettableClock.START.toString());
        document.putObject("counts")
                .put("images", images)
                .put("tags", 2)
                .put("restorable", 1)
                .put("size", 7);
        document.putArray("images").add("x".repeat(10_000));
        return document;
    }

    /** How many images the first repository of the catalog has. */
    private int images() {
        return catalog.page(Optional.empty(), 10).at("/repositories/0/images").asInt();
    }

    @Test
    void aPageHasTheCountsAndTheStartOfTheNext() {
        // Given
        for (String repository : List.of("a/c", "a/b", "a/b/c", "b")) {
            catalog.write(document(repository, repository.length()));
        }

        // When
        ObjectNode first = catalog.page(Optional.empty(), 3);
        ObjectNode last =
                catalog.page(Optional.of(new RepositoryName(first.path("next").asText())), 3);

        // Then
        assertEquals(
                "a/b", first.path("repositories").path(0).path("repository").asText());
        assertEquals(
                "{\"repository\":\"a/b/c\",\"at\":\"%s\",\"images\":5,\"tags\":2,\"restorable\":1,\"size\":7}"
                        .formatted(SettableClock.START),
                first.path("repositories").path(1).toString());
        assertEquals("a/c", first.path("next").asText());
        assertEquals("b", last.path("repositories").path(0).path("repository").asText());
        assertEquals(1, last.path("repositories").size());
        assertTrue(last.path("next").isMissingNode());
    }

    @Test
    void aPageReadsNoMoreThanTheBeginningsOfDocuments() {
        // Given
        catalog.write(document("a", 1));
        catalog.write(document("b", 1));
        backup.clearRequests();

        // When
        catalog.page(Optional.empty(), 1);

        // Then
        assertEquals(
                List.of(
                        new Request(Operation.LIST, "registry-backup/catalog/"),
                        new Request(Operation.OPEN, "registry-backup/catalog/a/_repository.json")),
                backup.requests());
    }

    @Test
    void aDocumentThatCannotBeUnderstoodSaysSo() {
        // Given
        bucket.seed("registry-backup/catalog/a/_repository.json", "{\"at\":".getBytes(StandardCharsets.UTF_8));
        bucket.seed("registry-backup/catalog/b/_repository.json", new byte[] {'['});

        // When
        ObjectNode page = catalog.page(Optional.empty(), 10);

        // Then
        assertEquals(2, page.path("repositories").size());
        assertTrue(page.path("repositories").path(0).path("problem").asText().contains("verify the repository"));
        assertTrue(page.path("repositories").path(1).path("problem").asText().contains("verify the repository"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1001})
    void aPageHasAReasonableLength(int limit) {
        // When
        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> catalog.page(Optional.empty(), limit));

        // Then
        assertEquals("A page has 1 to 1000 repositories, not " + limit, thrown.getMessage());
    }

    @Test
    void aDocumentThatIsWrittenAgainLeavesNoVersionBehind() {
        // Given
        catalog.write(document("a", 1));
        catalog.write(document("a/b", 1));
        clock.advance(Duration.ofDays(1));

        // When
        catalog.write(document("a", 2));

        // Then
        assertEquals(2, bucket.versionCount("registry-backup/catalog/"));
        assertEquals(2, images());
    }

    @Test
    void aNewDocumentCountsAlthoughOldVersionsAreLocked() {
        // Given
        catalog.write(document("a", 1));
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.DELETE) {
                throw new ObjectStoreException(StoreError.FORBIDDEN, "Failed to remove it: it is locked");
            }
        });

        // When
        catalog.write(document("a", 2));

        // Then
        assertEquals(2, images());
    }

    @Test
    void theDocumentsOfRepositoriesThatAreGoneAreRemovedForGood() {
        // Given
        catalog.write(document("a", 1));
        catalog.write(document("a/b", 1));
        bucket.seed("registry-backup/catalog/notes.txt", new byte[0]);

        // When
        catalog.deleteAllExcept(new RepositoryName("a/b")::equals);

        // Then
        assertEquals(
                List.of("registry-backup/catalog/a/b/_repository.json", "registry-backup/catalog/notes.txt"),
                bucket.keys("registry-backup/catalog/"));
        assertEquals(2, bucket.versionCount("registry-backup/catalog/"));
    }
}
