package dev.registrybackup.lab.openshift;

import static dev.registrybackup.lab.openshift.Made.bytes;
import static dev.registrybackup.lab.openshift.Made.digestOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.lab.openshift.Caller.Reply;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is special of ImageStreamMappings, Images and layers. */
class ImageRulesTest {
    private static final String API = "/apis/image.openshift.io/v1";
    private static final String STREAMS = API + "/namespaces/ns/imagestreams";
    private static final String MAPPINGS = API + "/namespaces/ns/imagestreammappings";
    private static final String IMAGES = API + "/images";
    private static final String LOCAL = OpenShiftApi.INTERNAL_REGISTRY + "/ns/app@";
    private static final String INDEX = "application/vnd.oci.image.index.v1+json";

    private final SettableClock clock = new SettableClock();
    private final OpenShiftApi api = OpenShiftApi.start(clock);
    private final Caller admin = new Caller(api, api.account("admin").everything());

    @AfterEach
    void close() {
        api.close();
    }

    private ObjectNode stream(String name) {
        return api.stream("ns", name);
    }

    private static List<String> images(JsonNode stream, int tag) {
        return stream.path("status").path("tags").path(tag).findValuesAsText("image");
    }

    private ObjectNode newStream() {
        api.namespace("ns");
        ObjectNode stream = JsonNodeFactory.instance.objectNode();
        stream.putObject("metadata").put("name", "app");
        return stream;
    }

    private ObjectNode emptyStream() {
        return admin.post(STREAMS, newStream().toString()).object();
    }

    private static ObjectNode specTag(ObjectNode stream, String tag, String kind, String name) {
        ObjectNode reference = Tags.child(stream, "spec").withArray("tags").addObject();
        reference.put("name", tag).putObject("from").put("kind", kind).put("name", name);
        return reference;
    }

    private static ObjectNode mapping(String tag, Made made) {
        ObjectNode mapping = JsonNodeFactory.instance.objectNode().put("tag", tag);
        mapping.putObject("metadata").put("name", "app");
        mapping.set("image", image(made));
        return mapping;
    }

    private static ObjectNode image(Made made) {
        return Registry.image(
                LOCAL + made.digest(),
                made.digest(),
                bytes(made.manifest()),
                ImageContent.DOCKER_MANIFEST,
                bytes(made.config()));
    }

    @Test
    void aMappingMakesTheImageWithItsContentAndTagsIt() {
        // Given
        emptyStream();
        Made made = Made.of(42);
        Caller caller =
                new Caller(api, api.account("x").may("create", "image.openshift.io", "imagestreammappings", "ns"));
        ObjectNode mapping = mapping("v1", made);
        mapping.withObject("/image").putArray("signatures").addObject().put("type", "atomic");

        // When
        Reply reply = caller.post(MAPPINGS, mapping.toString());

        // Then
        assertEquals(201, reply.status());
        assertEquals("Success", reply.body().path("status").asText());
        ObjectNode image = api.image(made.digest());
        assertEquals(42, image.at("/dockerImageLayers/0/size").asInt());
        assertEquals("DockerImage", image.at("/dockerImageMetadata/kind").asText());
        assertEquals(made.configDigest(), image.at("/dockerImageMetadata/Id").asText());
        assertEquals("arm64", image.at("/dockerImageMetadata/Architecture").asText());
        assertEquals(
                42 + made.config().length(),
                image.at("/dockerImageMetadata/Size").asInt());
        assertFalse(image.has("signatures"));
        assertFalse(image.has("dockerImageManifest"));
        assertFalse(image.has("dockerImageConfig"));
        assertEquals(List.of(made.digest()), images(stream("app"), 0));
    }

    @Test
    void aManifestThatIsNotSaidToBeStoredStaysInTheImage() {
        // Given
        ObjectNode image = image(Made.of(1));
        Tags.child(Metadata.of(image), "annotations").put(Images.BLOB_STORED, "false");

        // When
        Reply reply = admin.post(IMAGES, image.toString());

        // Then
        assertEquals(
                Made.of(1).manifest(), reply.body().path("dockerImageManifest").asText());
        assertEquals(Made.of(1).config(), reply.body().path("dockerImageConfig").asText());
    }

    @Test
    void aMappingPutsAnItemWithTheTimeNowInFront() {
        // Given
        Made.of(1).pushTo(api, "ns", "app", "v1");
        clock.advance(Duration.ofMinutes(1));

        // When
        Reply reply = admin.post(MAPPINGS, mapping("v1", Made.of(2)).toString());

        // Then
        assertEquals(201, reply.status());
        assertEquals(List.of(Made.of(2).digest(), Made.of(1).digest()), images(stream("app"), 0));
        assertEquals(
                "2026-03-04T05:07:07Z",
                stream("app").at("/status/tags/0/items/0/created").asText());
    }

    @Test
    void aMappingOfTheNewestImageAgainChangesNothing() {
        // Given
        Made.of(1).pushTo(api, "ns", "app", "v1");
        ObjectNode before = stream("app");
        clock.advance(Duration.ofMinutes(1));

        // When
        Reply reply = admin.post(MAPPINGS, mapping("v1", Made.of(1)).toString());

        // Then
        assertEquals(201, reply.status());
        assertEquals(before, stream("app"));
    }

    @Test
    void aMappingOfAManagedImageThatExistsRefersToThisStream() {
        // Given
        Made made = Made.of(1);
        made.pushTo(api, "dev", "other", "v1");
        emptyStream();
        ObjectNode mapping = mapping("v1", made);
        mapping.withObject("/image").put("dockerImageReference", "somewhere.else/a/b@" + made.digest());

        // When
        Reply reply = admin.post(MAPPINGS, mapping.toString());

        // Then
        assertEquals(201, reply.status());
        assertEquals(
                LOCAL + made.digest(),
                stream("app").at("/status/tags/0/items/0/dockerImageReference").asText());
        assertTrue(
                api.image(made.digest()).path("dockerImageReference").asText().contains("/dev/other@"));
    }

    @Test
    void aMappingIntoAStreamThatIsAbsentIsNotFoundAndMakesNoImage() {
        // Given
        api.namespace("ns");

        // When
        Reply reply = admin.post(MAPPINGS, mapping("v1", Made.of(1)).toString());

        // Then
        assertEquals(404, reply.status());
        assertEquals("imagestreams.image.openshift.io \"app\" not found", reply.message());
        assertFalse(api.hasImage(Made.of(1).digest()));
    }

    @Test
    void aMappingOverTheLimitIsRefusedAndLeavesTheImageBehind() {
        // Given
        Made.of(1).pushTo(api, "ns", "app", "v1");
        api.limit("ns", "openshift.io/images", 1);

        // When
        Reply reply = admin.post(MAPPINGS, mapping("v1", Made.of(2)).toString());

        // Then
        assertEquals(422, reply.status());
        assertTrue(api.hasImage(Made.of(2).digest()));
        assertEquals(List.of(Made.of(1).digest()), images(stream("app"), 0));
    }

    @Test
    void aMappingNeedsATag() {
        // Given
        emptyStream();

        // When
        Reply reply = admin.post(MAPPINGS, mapping("", Made.of(1)).toString());

        // Then
        assertEquals(422, reply.status());
        assertEquals("ImageStreamMapping.image.openshift.io \"app\" is invalid: tag: Required value", reply.message());
    }

    @Test
    void anImageInAMappingMustHaveNoResourceVersion() {
        // Given
        Made.of(1).pushTo(api, "ns", "app", "v1");
        ObjectNode mapping = mapping("v2", Made.of(1));
        mapping.withObject("/image/metadata").put("resourceVersion", "7");

        // When
        Reply reply = admin.post(MAPPINGS, mapping.toString());

        // Then
        assertEquals(500, reply.status());
        assertEquals("resourceVersion should not be set on objects to be created", reply.message());
    }

    @Test
    void aTagThatFollowsAnotherMovesWithIt() {
        // Given
        ObjectNode stream = newStream();
        specTag(stream, "latest", "ImageStreamTag", "v1");
        admin.post(STREAMS, stream.toString());

        // When
        Made.of(1).pushTo(api, "ns", "app", "v1");

        // Then
        assertEquals("latest", stream("app").at("/status/tags/0/tag").asText());
        assertEquals(List.of(Made.of(1).digest()), images(stream("app"), 0));
        assertEquals(List.of(Made.of(1).digest()), images(stream("app"), 1));
    }

    @Test
    void anImageWithoutManifestKeepsTheMetadataThatWasSent() {
        // Given
        Made made = Made.of(1);
        made.pushTo(api, "ns", "app", "v1");
        ObjectNode exported = api.image(made.digest());
        admin.delete(IMAGES + "/" + made.digest());
        Metadata.of(exported).remove(List.of("uid", "resourceVersion", "creationTimestamp", "managedFields"));

        // When
        Reply reply = admin.post(IMAGES, exported.toString());

        // Then
        assertEquals(201, reply.status());
        for (String field : List.of("dockerImageMetadata", "dockerImageLayers", "dockerImageManifestMediaType")) {
            assertEquals(exported.path(field), reply.body().path(field));
        }
    }

    @Test
    void anImageNeedsAReferenceButNotADigestForAName() {
        // When
        Reply refused = admin.post(IMAGES, "{\"metadata\":{\"name\":\"anything\"}}");
        Reply taken =
                admin.post(IMAGES, "{\"metadata\":{\"name\":\"anything\"},\"dockerImageReference\":\"quay.io/a/b\"}");

        // Then
        assertEquals(422, refused.status());
        assertEquals(
                "Image.image.openshift.io \"anything\" is invalid: dockerImageReference: Required value",
                refused.message());
        assertEquals(201, taken.status());
        assertTrue(taken.body().get("dockerImageLayers").isNull());
    }

    @Test
    void metadataWithoutAKindIsNotUnderstood() {
        // When
        Reply reply = admin.post(
                IMAGES,
                "{\"metadata\":{\"name\":\"x\"},\"dockerImageReference\":\"quay.io/a/b\",\"dockerImageMetadata\":{\"Id\":\"y\"}}");

        // Then
        assertEquals(400, reply.status());
        assertTrue(reply.message().startsWith("Object 'Kind' is missing in"));
    }

    @Test
    void anUpdateOfAnImageKeepsWhatWasFoundOutAtItsCreation() {
        // Given
        Made made = Made.of(1);
        made.pushTo(api, "ns", "app", "v1");
        ObjectNode image = api.image(made.digest());
        image.putArray("dockerImageLayers");
        Tags.child(Metadata.of(image), "annotations").put("a", "b");

        // When
        Reply reply = admin.put(IMAGES + "/" + made.digest(), image);

        // Then
        assertEquals(200, reply.status());
        assertEquals(1, reply.body().path("dockerImageLayers").size());
        assertEquals("b", reply.body().at("/metadata/annotations/a").asText());
    }

    @Test
    void layersThatAreSentWithoutTheirOrderAreTurnedRound() {
        // Given
        ObjectNode image = image(Made.of(1));
        image.putArray("dockerImageLayers").addObject().put("name", "newest").put("size", 1);
        image.withArray("dockerImageLayers").addObject().put("name", "base").put("size", 2);

        // When
        Reply reply = admin.post(IMAGES, image.toString());

        // Then
        assertEquals(
                List.of("base", "newest"),
                reply.body().path("dockerImageLayers").findValuesAsText("name"));
        assertEquals(
                "ascending",
                reply.body()
                        .path("metadata")
                        .path("annotations")
                        .path("image.openshift.io/dockerLayersOrder")
                        .asText());
    }

    @Test
    void anImageTakesNoManifestOfAnotherDigest() {
        // Given
        ObjectNode image = image(Made.of(1));
        Tags.child(Metadata.of(image), "annotations").remove(Images.BLOB_STORED);
        ObjectNode stored = admin.post(IMAGES, image.toString()).object();
        stored.put("dockerImageManifest", Made.of(2).manifest());

        // When
        Reply reply = admin.put(IMAGES + "/" + Made.of(1).digest(), stored);

        // Then
        assertEquals(200, reply.status());
        assertEquals(
                Made.of(1).manifest(), reply.body().path("dockerImageManifest").asText());
    }

    private String pushList(Made child) {
        String list = """
                {"schemaVersion":2,"mediaType":"%s","manifests":[{"mediaType":"%s","digest":"%s","size":%d,\
                "platform":{"architecture":"arm64","os":"linux","variant":"v8"}}]}""".formatted(
                        INDEX,
                        ImageContent.DOCKER_MANIFEST,
                        child.digest(),
                        child.manifest().length());
        api.pushByDigest(
                "ns",
                "app",
                child.digest(),
                bytes(child.manifest()),
                ImageContent.DOCKER_MANIFEST,
                bytes(child.config()));
        api.push("ns", "app", "v1", digestOf(list), bytes(list), INDEX, null);
        return digestOf(list);
    }

    @Test
    void theChildrenOfAListAreTold() {
        // Given
        Made child = Made.of(1);

        // When
        String list = pushList(child);

        // Then
        JsonNode entry = api.image(list).at("/dockerImageManifests/0");
        assertEquals(child.digest(), entry.path("digest").asText());
        assertEquals(child.manifest().length(), entry.path("manifestSize").asInt());
        assertEquals("v8", entry.path("variant").asText());
        assertEquals(list, api.image(list).at("/dockerImageMetadata/Id").asText());
        assertTrue(api.hasImage(child.digest()));
    }

    @Test
    void layersTellWhatTheImagesOfAStreamConsistOf() {
        // Given
        Made child = Made.of(7);
        String list = pushList(child);

        // When
        Reply reply = admin.get(STREAMS + "/app/layers");

        // Then
        assertEquals("ImageStreamLayers", reply.body().path("kind").asText());
        JsonNode images = reply.body().path("images");
        assertEquals(child.digest(), images.path(list).at("/manifests/0").asText());
        assertEquals(
                child.configDigest(), images.path(child.digest()).path("config").asText());
        String layer = images.path(child.digest()).at("/layers/0").asText();
        assertEquals(7, reply.body().path("blobs").path(layer).path("size").asInt());
        assertEquals(
                INDEX, reply.body().path("blobs").path(list).path("mediaType").asText());
    }

    @Test
    void layersTellWhichImagesAreMissing() {
        // Given
        Made made = Made.of(1);
        made.pushTo(api, "ns", "app", "v1");
        api.removeImage(made.digest());

        // When
        Reply reply = admin.get(STREAMS + "/app/layers");

        // Then
        assertTrue(reply.body()
                .path("images")
                .path(made.digest())
                .path("imageMissing")
                .asBoolean());
    }

    @Test
    void anImportedImageIsNotManagedAndKeepsItsReference() {
        // When
        api.importExternal("ns", "app", "v1", digestOf("a"), "quay.io/a/b:v1");

        // Then
        ObjectNode image = api.image(digestOf("a"));
        assertFalse(Images.annotated(image, Images.MANAGED));
        assertEquals(
                "quay.io/a/b@" + digestOf("a"),
                image.path("dockerImageReference").asText());
        assertEquals(
                "quay.io/a/b@" + digestOf("a"),
                stream("app").at("/status/tags/0/items/0/dockerImageReference").asText());
        assertEquals("DockerImage", stream("app").at("/spec/tags/0/from/kind").asText());
    }

    @Test
    void aDeletedStreamIsGone() {
        // Given
        emptyStream();

        // When
        Reply reply = admin.delete(STREAMS + "/app");

        // Then
        assertEquals("Success", reply.body().path("status").asText());
        assertFalse(api.hasStream("ns", "app"));
    }
}
