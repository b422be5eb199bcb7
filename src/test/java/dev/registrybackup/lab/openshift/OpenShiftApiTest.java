package dev.registrybackup.lab.openshift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.lab.Loopback;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** The rules of the server without which a test of a restore would pass on what a real cluster refuses or changes. */
class OpenShiftApiTest {
    private static final String API = "/apis/image.openshift.io/v1";
    private static final String IMAGES = API + "/images";
    private static final String STREAMS = API + "/namespaces/ns/imagestreams";
    private static final String MAPPINGS = API + "/namespaces/ns/imagestreammappings";
    private static final String LOCAL = OpenShiftApi.INTERNAL_REGISTRY + "/ns/app@";

    private final SettableClock clock = new SettableClock();

    @AutoClose
    private final OpenShiftApi api = OpenShiftApi.start(clock);

    private final OpenShiftApi.Account admin = api.account("admin").everything();

    private record Reply(int status, JsonNode body) {
        String message() {
            return body.path("message").asText();
        }

        ObjectNode object() {
            return (ObjectNode) body;
        }
    }

    private Reply send(OpenShiftApi.Account account, String method, String path, String body) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(api.url() + path))
                .header("Authorization", "Bearer " + account.token())
                .method(method, BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> response = Loopback.send(request);
        return new Reply(response.statusCode(), Request.read(response.body()));
    }

    private Reply get(String path) throws IOException {
        return send(admin, "GET", path, "");
    }

    private Reply post(String path, JsonNode body) throws IOException {
        return send(admin, "POST", path, body.toString());
    }

    private Reply put(String path, JsonNode body) throws IOException {
        return send(admin, "PUT", path, body.toString());
    }

    private static ObjectNode named(String name) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.putObject("metadata").put("name", name);
        return object;
    }

    private ObjectNode emptyStream(String namespace, String name) throws IOException {
        api.namespace(namespace);
        return post(API + "/namespaces/" + namespace + "/imagestreams", named(name))
                .object();
    }

    private ObjectNode stream() {
        return api.stream("ns", "app");
    }

    private static byte[] manifest(int layerSize) {
        return """
                {"schemaVersion":2,"mediaType":"%s","config":{"digest":"%s","size":20},\
            "layers":[{"mediaType":"layer","digest":"%s","size":%d}]}\
            """.formatted(Images.DOCKER_MANIFEST, digest("config"), digest("layer" + layerSize), layerSize)
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String digest(String text) {
        return Digest.of(DigestAlgorithm.SHA256, text.getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    private static String image(int layerSize) {
        return Digest.of(DigestAlgorithm.SHA256, manifest(layerSize)).toString();
    }

    private static byte[] config() {
        return "{\"architecture\":\"arm64\"}".getBytes(StandardCharsets.UTF_8);
    }

    private void push(String namespace, String tag, int layerSize) {
        api.push(namespace, "app", tag, image(layerSize), manifest(layerSize), Images.DOCKER_MANIFEST, config());
    }

    private static ObjectNode mapping(String tag, int layerSize) {
        ObjectNode mapping = named("app").put("tag", tag);
        mapping.set(
                "image",
                OpenShiftApi.image(
                        "ns", "app", image(layerSize), manifest(layerSize), Images.DOCKER_MANIFEST, config()));
        return mapping;
    }

    private static void setStatus(ObjectNode stream, String tag, ObjectNode... items) {
        ArrayNode tags = Tags.child(stream, "status").putArray("tags");
        tags.addObject().put("tag", tag).putArray("items").addAll(List.of(items));
    }

    private static ObjectNode item(String image, String created) {
        return Tags.item(created, LOCAL + image, image, 0);
    }

    private static List<String> images(JsonNode stream) {
        return stream.at("/status/tags/0").findValuesAsText("image");
    }

    private static List<String> paths(Reply list) {
        return StreamSupport.stream(list.body().path("items").spliterator(), false)
                .map(item -> item.at("/metadata/namespace").asText() + "/"
                        + item.at("/metadata/name").asText())
                .toList();
    }

    @Test
    void aRightInOneNamespaceIsNoneOverAllAndReviewsSayTheSame() throws IOException {
        // Given
        api.namespace("ns");
        OpenShiftApi.Account one = api.account("one").may("list", "image.openshift.io", "imagestreams", "ns");
        String review = """
                {"spec":{"resourceAttributes":
            {"verb":"list","group":"image.openshift.io","resource":"imagestreams","namespace":"%s"}}}\
            """;

        // When
        Reply here = send(one, "POST", Rights.SELF, review.formatted("ns"));
        Reply there = send(one, "POST", Rights.SELF, review.formatted("other"));
        Reply all = send(one, "GET", API + "/imagestreams", "");

        // Then
        assertTrue(here.body().at("/status/allowed").asBoolean());
        assertFalse(there.body().at("/status/allowed").asBoolean(true));
        assertEquals(200, send(one, "GET", STREAMS, "").status());
        assertEquals(403, all.status());
    }

    @Test
    void aNewObjectHasNoResourceVersionAndGetsTheServersIdentity() throws IOException {
        // Given
        ObjectNode old = emptyStream("ns", "app");
        Store.metadata(old).put("name", "other").put("uid", "mine");

        // When
        Reply versioned = post(STREAMS, old);
        Store.metadata(old).remove("resourceVersion");
        Reply created = post(STREAMS, old);
        Reply again = post(STREAMS, old);

        // Then
        assertEquals(500, versioned.status());
        assertEquals("resourceVersion should not be set on objects to be created", versioned.message());
        assertEquals(201, created.status());
        assertFalse(created.body().at("/metadata/uid").asText().equals("mine"));
        assertEquals(409, again.status());
    }

    @Test
    void nothingIsCreatedInANamespaceThatIsAbsent() throws IOException {
        // When
        Reply reply = post(STREAMS, named("app"));

        // Then
        assertEquals(404, reply.status());
        assertEquals("namespaces \"ns\" not found", reply.message());
    }

    @Test
    void anUpdateMustBeOfTheVersionThatIsThere() throws IOException {
        // Given
        ObjectNode stale = emptyStream("ns", "app");
        push("ns", "v1", 1);
        ObjectNode unversioned = stream();
        Store.metadata(unversioned).remove("resourceVersion");
        ObjectNode current = stream();

        // When
        Reply conflict = put(STREAMS + "/app", stale);
        Reply invalid = put(STREAMS + "/app/status", unversioned);
        Reply unchanged = put(STREAMS + "/app", current);

        // Then
        assertEquals(409, conflict.status());
        assertEquals(422, invalid.status());
        assertEquals(current, unchanged.body());
    }

    @Test
    void aCreatedStreamLosesItsStatus() throws IOException {
        // Given
        api.namespace("ns");
        ObjectNode stream = named("app");
        setStatus(stream, "v1", item(image(1), "2026-01-01T00:00:00Z"));

        // When
        Reply reply = post(STREAMS, stream);

        // Then
        assertEquals(201, reply.status());
        assertFalse(reply.body().path("status").has("tags"));
    }

    @Test
    void anUpdateOfTheStreamKeepsTheStatusThatIsStored() throws IOException {
        // Given
        push("ns", "v1", 1);
        ObjectNode stream = stream();
        stream.putObject("status");

        // When
        Reply reply = put(STREAMS + "/app", stream);

        // Then
        assertEquals(List.of(image(1)), images(reply.body()));
    }

    @Test
    void anUpdateOfTheStatusKeepsTimesAndOrderButNotTheSpecThatWasSent() throws IOException {
        // Given
        ObjectNode stream = emptyStream("ns", "app");
        setStatus(stream, "v1", item(image(2), "2025-02-02T00:00:00Z"), item(image(1), "2024-01-01T00:00:00Z"));
        Tags.child(stream, "spec").putArray("tags").addObject().put("name", "sent");

        // When
        Reply reply = put(STREAMS + "/app/status", stream);

        // Then
        assertEquals(200, reply.status());
        assertEquals(List.of(image(2), image(1)), images(stream()));
        assertEquals(
                "2024-01-01T00:00:00Z",
                stream().at("/status/tags/0/items/1/created").asText());
        assertFalse(stream().path("spec").has("tags"));
    }

    @Test
    void aMappingMakesTheImageAndPutsAnItemWithTheTimeNowInFront() throws IOException {
        // Given
        push("ns", "v1", 1);
        clock.advance(Duration.ofMinutes(1));

        // When
        Reply reply = post(MAPPINGS, mapping("v1", 42));
        ObjectNode after = stream();
        clock.advance(Duration.ofMinutes(1));
        Reply again = post(MAPPINGS, mapping("v1", 42));

        // Then
        assertEquals(201, reply.status());
        assertEquals(List.of(image(42), image(1)), images(after));
        assertEquals(
                "2026-03-04T05:07:07Z",
                after.at("/status/tags/0/items/0/created").asText());
        assertEquals(42, api.image(image(42)).at("/dockerImageLayers/0/size").asInt());
        assertEquals(201, again.status());
        assertEquals(after, stream());
    }

    @Test
    void aMappingOfAManagedImageThatExistsRefersToThisStream() throws IOException {
        // Given
        push("dev", "v1", 1);
        emptyStream("ns", "app");
        ObjectNode mapping = mapping("v1", 1);
        mapping.withObject("/image").put("dockerImageReference", "somewhere.else/a/b@" + image(1));

        // When
        Reply reply = post(MAPPINGS, mapping);

        // Then
        assertEquals(201, reply.status());
        assertEquals(
                LOCAL + image(1),
                stream().at("/status/tags/0/items/0/dockerImageReference").asText());
        assertTrue(api.image(image(1)).path("dockerImageReference").asText().contains("/dev/app@"));
    }

    @Test
    void aMappingIntoAStreamThatIsAbsentMakesNoImage() throws IOException {
        // Given
        api.namespace("ns");

        // When
        Reply reply = post(MAPPINGS, mapping("v1", 1));

        // Then
        assertEquals(404, reply.status());
        assertFalse(api.hasImage(image(1)));
    }

    @Test
    void anImageWithoutManifestKeepsWhatWasSentAndNeedsAReferenceAndMetadataWithAKind() throws IOException {
        // Given
        push("ns", "v1", 1);
        ObjectNode exported = api.image(image(1));
        api.removeImage(image(1));
        Store.metadata(exported).remove(List.of("uid", "resourceVersion", "creationTimestamp", "managedFields"));
        ObjectNode unkind = named("x").put("dockerImageReference", "quay.io/a/b");
        unkind.putObject("dockerImageMetadata").put("Id", "y");

        // When
        Reply reply = post(IMAGES, exported);

        // Then
        assertEquals(201, reply.status());
        for (String field : List.of("dockerImageMetadata", "dockerImageLayers", "dockerImageManifestMediaType")) {
            assertEquals(exported.path(field), reply.body().path(field));
        }
        assertEquals(422, post(IMAGES, named("anything")).status());
        assertEquals(400, post(IMAGES, unkind).status());
    }

    @Test
    void layersListTheBlobsOfAStreamsImagesAndWhichImagesAreMissing() throws IOException {
        // Given
        push("ns", "v1", 7);
        push("ns", "v2", 8);
        api.removeImage(image(8));

        // When
        JsonNode layers = get(STREAMS + "/app/layers").body();

        // Then
        JsonNode there = layers.path("images").path(image(7));
        assertEquals(digest("config"), there.path("config").asText());
        assertEquals(
                7,
                layers.path("blobs")
                        .path(there.at("/layers/0").asText())
                        .path("size")
                        .asInt());
        assertTrue(layers.path("images").path(image(8)).path("imageMissing").asBoolean());
    }

    @Test
    void ocTagCopiesTheNewestItemWithTheTimeOfTheTaggingAndALocalReference() {
        // Given
        push("dev", "v1", 1);
        clock.advance(Duration.ofMinutes(5));

        // When
        api.ocTag("dev", "app", "v1", "ns", "app", "prod");

        // Then
        JsonNode item = stream().at("/status/tags/0/items/0");
        assertEquals(image(1), item.path("image").asText());
        assertEquals(LOCAL + image(1), item.path("dockerImageReference").asText());
        assertEquals("2026-03-04T05:11:07Z", item.path("created").asText());
        assertEquals("app@" + image(1), stream().at("/spec/tags/0/from/name").asText());
    }

    @Test
    void taggingFromAnotherStreamTakesTheRightToItsLayers() throws IOException {
        // Given
        push("dev", "v1", 1);
        api.ocTag("dev", "app", "v1", "ns", "other", "prod");
        ObjectNode stream = named("app").set("spec", api.stream("ns", "other").path("spec"));
        OpenShiftApi.Account caller = api.account("x").may("create", "image.openshift.io", "imagestreams", "ns");

        // When
        Reply refused = send(caller, "POST", STREAMS, stream.toString());
        Reply allowed = post(STREAMS, stream);

        // Then
        assertEquals(422, refused.status());
        assertTrue(refused.message().contains("spec.tags[prod].from: Forbidden: dev/app"), refused::message);
        assertEquals(201, allowed.status());
    }

    @Test
    void listsComeInTheOrderOfKeysAndLaterPagesShowWhatWasThereAtTheFirst() throws IOException {
        // Given
        emptyStream("a", "x");
        emptyStream("a-b", "x");
        emptyStream("a", "b");

        // When
        Reply first = get(API + "/imagestreams?limit=2");
        emptyStream("a", "c");
        String next = "?continue=" + first.body().at("/metadata/continue").asText();
        Reply second = get(API + "/imagestreams" + next);

        // Then
        assertEquals(List.of("a-b/x", "a/b"), paths(first));
        assertEquals(List.of("a/x"), paths(second));
        assertFalse(second.body().path("metadata").has("continue"));
        assertFalse(first.body().at("/items/0").has("kind"));
        assertEquals(List.of("a/b", "a/c", "a/x"), paths(get(API + "/namespaces/a/imagestreams")));
    }

    @Test
    void aHookThatThrowsCutsTheConnectionAndNothingIsDone() throws IOException {
        // Given
        api.onRequest(request -> {
            throw new AssertionError("cut");
        });

        // When
        assertThrows(UncheckedIOException.class, () -> post("/api/v1/namespaces", named("ns")));

        // Then
        api.onRequest(request -> {});
        assertEquals(404, get("/api/v1/namespaces/ns").status());
    }
}
