package dev.registrybackup.lab.openshift;

import static dev.registrybackup.lab.openshift.Made.digestOf;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.lab.openshift.Caller.Reply;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is special of ImageStreams, their tags and their status. */
class ImageStreamRulesTest {
    private static final String API = "/apis/image.openshift.io/v1";
    private static final String STREAMS = API + "/namespaces/ns/imagestreams";
    private static final String LOCAL = OpenShiftApi.INTERNAL_REGISTRY + "/ns/app@";

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

    private static ObjectNode item(String reference, String image, String created) {
        return TagEvents.item(created, reference, image, 0);
    }

    private static void setStatus(ObjectNode stream, String tag, ObjectNode... items) {
        ArrayNode tags = Tags.child(stream, "status").putArray("tags");
        ArrayNode list = tags.addObject().put("tag", tag).putArray("items");
        for (ObjectNode item : items) {
            list.add(item);
        }
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

    @Test
    void aCreatedStreamLosesItsStatus() {
        // Given
        ObjectNode stream = newStream();
        setStatus(stream, "v1", item(LOCAL + digestOf("x"), digestOf("x"), "2026-01-01T00:00:00Z"));
        specTag(stream, "v2", "DockerImage", "quay.io/a/b:v2").put("generation", 7);

        // When
        Reply reply = admin.post(STREAMS, stream.toString());

        // Then
        assertEquals(201, reply.status());
        assertFalse(reply.body().path("status").has("tags"));
        assertEquals(1, reply.body().at("/spec/tags/0/generation").asInt());
        assertEquals(
                "Source", reply.body().at("/spec/tags/0/referencePolicy/type").asText());
    }

    @Test
    void readingFillsTheRepository() {
        // Given
        emptyStream();

        // When
        Reply one = admin.get(STREAMS + "/app");
        Reply list = admin.get(STREAMS);

        // Then
        String repository = OpenShiftApi.INTERNAL_REGISTRY + "/ns/app";
        assertEquals(repository, one.body().at("/status/dockerImageRepository").asText());
        assertEquals(
                repository,
                list.body().at("/items/0/status/dockerImageRepository").asText());
    }

    @Test
    void anUpdateKeepsTheStatusThatIsStored() {
        // Given
        Made.of(1).pushTo(api, "ns", "app", "v1");
        ObjectNode stream = stream("app");
        stream.putObject("status");
        Tags.child(Metadata.of(stream), "labels").put("a", "b");

        // When
        Reply reply = admin.put(STREAMS + "/app", stream);

        // Then
        assertEquals(200, reply.status());
        assertEquals(List.of(Made.of(1).digest()), images(reply.body(), 0));
        assertEquals("b", reply.body().at("/metadata/labels/a").asText());
    }

    @Test
    void aStatusUpdateKeepsTimesAndOrderButNotTheSpecThatWasSent() {
        // Given
        ObjectNode stream = emptyStream();
        String newer = digestOf("newer");
        String older = digestOf("older");
        setStatus(
                stream,
                "v1",
                item(LOCAL + newer, newer, "2025-02-02T00:00:00Z"),
                item(LOCAL + older, older, "2024-01-01T00:00:00Z"));
        specTag(stream, "sent", "DockerImage", "quay.io/a/b:v2");

        // When
        Reply reply = admin.put(STREAMS + "/app/status", stream);

        // Then
        assertEquals(200, reply.status());
        assertEquals(List.of(newer, older), images(stream("app"), 0));
        assertEquals(
                "2024-01-01T00:00:00Z",
                stream("app").at("/status/tags/0/items/1/created").asText());
        assertEquals(1, stream("app").at("/status/tags/0/items/0/generation").asInt());
        assertFalse(stream("app").path("spec").has("tags"));
    }

    @Test
    void aStatusOfMoreImagesThanTheLimitIsRefused() {
        // Given
        ObjectNode stream = emptyStream();
        api.limit("ns", "openshift.io/images", 1);
        setStatus(
                stream,
                "v1",
                item(LOCAL + digestOf("a"), digestOf("a"), "2025-02-02T00:00:00Z"),
                item(LOCAL + digestOf("b"), digestOf("b"), "2024-01-01T00:00:00Z"));

        // When
        Reply reply = admin.put(STREAMS + "/app/status", stream);

        // Then
        assertEquals(422, reply.status());
        assertEquals(
                "ImageStream.image.openshift.io \"app\" is invalid: imageStream: Forbidden: ImageStream.image.openshift.io"
                        + " \"app\" is forbidden: requested usage of openshift.io/images exceeds the maximum limit per"
                        + " openshift.io/ImageStream (2 > 1)",
                reply.message());
        assertEquals(
                "openshift.io/images",
                admin.get("/api/v1/namespaces/ns/limitranges")
                        .body()
                        .at("/items/0/spec/limits/0/max")
                        .fieldNames()
                        .next());
    }

    @Test
    void aSpecOfMoreTagsThanTheLimitIsRefused() {
        // Given
        ObjectNode stream = emptyStream();
        api.limit("ns", "openshift.io/image-tags", 1);
        specTag(stream, "v1", "DockerImage", "quay.io/a/b:v1");
        specTag(stream, "v2", "DockerImage", "quay.io/a/b:v2");

        // When
        Reply reply = admin.put(STREAMS + "/app", stream);

        // Then
        assertEquals(422, reply.status());
        assertTrue(reply.message()
                .endsWith("requested usage of openshift.io/image-tags exceeds the maximum limit per"
                        + " openshift.io/ImageStream (2 > 1)"));
    }

    @Test
    void aStatusThatNamesARegistryThatIsNotAllowedIsRefused() {
        // Given
        ObjectNode stream = emptyStream();
        api.allowRegistries("registry.redhat.io");
        setStatus(stream, "v1", item("quay.io/a/b@" + digestOf("a"), digestOf("a"), "2025-02-02T00:00:00Z"));

        // When
        Reply reply = admin.put(STREAMS + "/app/status", stream);

        // Then
        assertEquals(422, reply.status());
        assertEquals(
                "ImageStream.image.openshift.io \"app\" is invalid: status.tags[v1].items[0].dockerImageReference: Forbidden:"
                        + " registry \"quay.io\" not allowed by whitelist:"
                        + " \"image-registry.openshift-image-registry.svc:5000\", \"registry.redhat.io:443\"",
                reply.message());
        assertEquals(
                "registry.redhat.io",
                admin.get("/apis/config.openshift.io/v1/images/cluster")
                        .body()
                        .at("/spec/allowedRegistriesForImport/0/domainName")
                        .asText());
    }

    @Test
    void aSpecThatNamesARegistryThatIsNotAllowedIsRefused() {
        // Given
        ObjectNode stream = newStream();
        api.allowRegistries("*.redhat.io", "quay.io:443");
        specTag(stream, "v1", "DockerImage", "registry.redhat.io/a/b:v1");
        specTag(stream, "v2", "DockerImage", "quay.io/a/b:v1");
        specTag(stream, "v3", "DockerImage", "ghcr.io/a/b:v1");

        // When
        Reply reply = admin.post(STREAMS, stream.toString());

        // Then
        assertEquals(422, reply.status());
        assertTrue(reply.message().contains("spec.tags[v3].from.name: Forbidden: registry \"ghcr.io\" not allowed"));
        assertFalse(reply.message().contains("spec.tags[v1]"));
        assertFalse(reply.message().contains("spec.tags[v2]"));
    }

    @Test
    void aStreamOverTheLimitMayStayAsItIs() {
        // Given
        Made.of(1).pushTo(api, "ns", "app", "v1");
        Made.of(2).pushTo(api, "ns", "app", "v1");
        api.limit("ns", "openshift.io/images", 1);
        ObjectNode stream = stream("app");
        setStatus(stream, "v2", item(LOCAL + Made.of(1).digest(), Made.of(1).digest(), "2025-02-02T00:00:00Z"));

        // When
        Reply reply = admin.put(STREAMS + "/app/status", stream);

        // Then
        assertEquals(200, reply.status());
    }

    @Test
    void aStreamsNameMustBeARepositorysName() {
        // Given
        ObjectNode stream = newStream();
        Metadata.of(stream).put("name", "App");

        // When
        Reply reply = admin.post(STREAMS, stream.toString());

        // Then
        assertEquals(422, reply.status());
        assertTrue(reply.message().contains("metadata.name: Invalid value: \"App\": must match"));
    }

    @Test
    void whatAStreamHoldsAlreadyMayStayWhateverIsAllowed() {
        // Given
        api.importExternal("ns", "app", "v1", digestOf("a"), "quay.io/a/b:v1");
        api.allowRegistries("registry.redhat.io");
        ObjectNode stream = stream("app");
        Tags.child(Metadata.of(stream), "labels").put("a", "b");

        // When
        Reply status = admin.put(STREAMS + "/app/status", stream);
        Reply spec = admin.patch(STREAMS + "/app", "{\"metadata\":{\"labels\":{\"a\":\"c\"}}}");

        // Then
        assertEquals(200, status.status());
        assertEquals(200, spec.status());
    }

    @Test
    void ocTagCopiesTheNewestItemWithTheTimeOfTheTaggingAndALocalReference() {
        // Given
        Made made = Made.of(1);
        made.pushTo(api, "dev", "app", "v1");
        clock.advance(Duration.ofMinutes(5));

        // When
        api.ocTag("dev", "app", "v1", "ns", "app", "prod");

        // Then
        JsonNode item = stream("app").at("/status/tags/0/items/0");
        assertEquals(made.digest(), item.path("image").asText());
        assertEquals(LOCAL + made.digest(), item.path("dockerImageReference").asText());
        assertEquals("2026-03-04T05:11:07Z", item.path("created").asText());
        JsonNode from = stream("app").at("/spec/tags/0/from");
        assertEquals("ImageStreamImage", from.path("kind").asText());
        assertEquals("app@" + made.digest(), from.path("name").asText());
        assertEquals(2, stream("app").at("/metadata/generation").asInt());
    }

    @Test
    void aSpecTagOfAnotherStreamsTagCopiesItsItemWithItsTime() {
        // Given
        Made made = Made.of(1);
        made.pushTo(api, "dev", "app", "v1");
        clock.advance(Duration.ofMinutes(5));
        ObjectNode stream = newStream();
        specTag(stream, "v1", "ImageStreamTag", "app:v1").withObject("/from").put("namespace", "dev");

        // When
        Reply reply = admin.post(STREAMS, stream.toString());

        // Then
        assertEquals(201, reply.status());
        JsonNode item = stream("app").at("/status/tags/0/items/0");
        assertEquals(LOCAL + made.digest(), item.path("dockerImageReference").asText());
        assertEquals("2026-03-04T05:06:07Z", item.path("created").asText());
    }

    @Test
    void whoMayNotReadTheOtherStreamsLayersMayNotTagFromIt() {
        // Given
        Made.of(1).pushTo(api, "dev", "app", "v1");
        ObjectNode stream = newStream();
        specTag(stream, "v1", "ImageStreamTag", "app:v1").withObject("/from").put("namespace", "dev");
        Caller caller = new Caller(api, api.account("x").may("create", "image.openshift.io", "imagestreams", "ns"));

        // When
        Reply reply = caller.post(STREAMS, stream.toString());

        // Then
        assertEquals(422, reply.status());
        assertTrue(reply.message().contains("spec.tags[v1].from: Forbidden: dev/app"));
    }

    @Test
    void aSpecTagOfAStreamThatIsAbsentIsRefused() {
        // Given
        ObjectNode stream = newStream();
        specTag(stream, "v1", "ImageStreamTag", "other:v1");

        // When
        Reply reply = admin.post(STREAMS, stream.toString());

        // Then
        assertEquals(422, reply.status());
        assertEquals(
                "ImageStream.image.openshift.io \"app\" is invalid: : Internal error: imagestreams \"app\" is invalid:"
                        + " spec.tags[v1].from.name: Not found: \"other:v1\"",
                reply.message());
    }
}
