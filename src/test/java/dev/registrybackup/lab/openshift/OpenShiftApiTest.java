package dev.registrybackup.lab.openshift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.lab.openshift.Caller.Reply;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is common to all objects: who may, what is stored, how it is listed. */
class OpenShiftApiTest {
    private static final String IMAGE_GROUP = "image.openshift.io";
    private static final String STREAMS = "/apis/image.openshift.io/v1/namespaces/ns/imagestreams";
    private static final String ALL_STREAMS = "/apis/image.openshift.io/v1/imagestreams";
    private static final String CONFIG = "/apis/imageregistry.operator.openshift.io/v1/configs/cluster";
    private static final String PRUNER = "/apis/imageregistry.operator.openshift.io/v1/imagepruners/cluster";

    private final OpenShiftApi api =
            OpenShiftApi.start(Clock.fixed(Instant.parse("2026-11-22T10:00:00.5Z"), ZoneOffset.UTC));
    private final Caller admin = new Caller(api, api.account("admin").everything());

    @AfterEach
    void close() {
        api.close();
    }

    private static String named(String name) {
        return "{\"metadata\":{\"name\":\"" + name + "\"}}";
    }

    private void streams(String namespace, String... names) {
        api.namespace(namespace);
        for (String name : names) {
            admin.post("/apis/image.openshift.io/v1/namespaces/" + namespace + "/imagestreams", named(name));
        }
    }

    private static List<String> names(Reply list) {
        return list.body().path("items").findValuesAsText("name");
    }

    private static List<String> paths(Reply list) {
        return StreamSupport.stream(list.body().path("items").spliterator(), false)
                .map(item -> item.at("/metadata/namespace").asText() + "/"
                        + item.at("/metadata/name").asText())
                .toList();
    }

    @Test
    void anUnknownTokenIsUnauthorized() {
        // When
        Reply reply = new Caller(api, "stolen").get("/apis");

        // Then
        assertEquals(401, reply.status());
        assertEquals("Unauthorized", reply.body().path("reason").asText());
    }

    @Test
    void whatIsNotGrantedIsForbiddenInTheServersWords() {
        // Given
        streams("ns", "app");
        Caller nobody = new Caller(api, api.account("x"));

        // When
        Reply reply = nobody.put(STREAMS + "/app/status", api.stream("ns", "app"));

        // Then
        assertEquals(403, reply.status());
        assertEquals(
                "imagestreams.image.openshift.io \"app\" is forbidden: User \"x\" cannot update resource"
                        + " \"imagestreams/status\" in API group \"image.openshift.io\" in the namespace \"ns\"",
                reply.message());
        assertEquals("Forbidden", reply.body().path("reason").asText());
    }

    @Test
    void aListOverAllNamespacesNeedsTheRightInAllOfThem() {
        // Given
        api.namespace("ns");
        OpenShiftApi.Account one = api.account("one").may("list", IMAGE_GROUP, "imagestreams", "ns");

        // When
        Reply reply = new Caller(api, one).get(ALL_STREAMS);

        // Then
        assertEquals(200, new Caller(api, one).get(STREAMS).status());
        assertEquals(403, reply.status());
        assertEquals(
                "imagestreams.image.openshift.io is forbidden: User \"one\" cannot list resource \"imagestreams\" in API"
                        + " group \"image.openshift.io\" at the cluster scope",
                reply.message());
    }

    @Test
    void aRevokedRightIsGone() {
        // Given
        OpenShiftApi.Account account = api.account("x").everything();
        Caller caller = new Caller(api, account);

        // When
        account.mayNot("get", "imageregistry.operator.openshift.io", "configs", "*");

        // Then
        assertEquals(403, caller.get(CONFIG).status());
        assertEquals(200, caller.get(PRUNER).status());
    }

    @Test
    void anAccessReviewAnswersFromTheSameRights() {
        // Given
        Caller caller = new Caller(api, api.account("x").may("update", IMAGE_GROUP, "imagestreams/status", "ns"));
        String review = """
                {"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"resourceAttributes":
                {"verb":"update","group":"image.openshift.io","resource":"imagestreams","subresource":"status",
                "namespace":"%s"}}}""";

        // When
        Reply here = caller.post(Reviews.SELF, review.formatted("ns"));
        Reply there = caller.post(Reviews.SELF, review.formatted("other"));

        // Then
        assertEquals(201, here.status());
        assertTrue(here.body().at("/status/allowed").asBoolean());
        assertFalse(there.body().at("/status/allowed").asBoolean(true));
    }

    @Test
    void theImageGroupIsDiscovered() {
        // When
        Reply groups = admin.get("/apis");
        Reply resources = admin.get("/apis/image.openshift.io/v1");

        // Then
        assertTrue(groups.body().path("groups").findValuesAsText("name").contains(IMAGE_GROUP));
        assertEquals("APIResourceList", resources.body().path("kind").asText());
        assertTrue(resources
                .body()
                .path("resources")
                .findValuesAsText("name")
                .containsAll(List.of("images", "imagestreammappings", "imagestreams", "imagestreams/status")));
    }

    @Test
    void aPlainClusterDoesNotServeTheImageGroup() {
        // Given
        api.withoutImages();

        // When
        Reply discovery = admin.get("/apis/image.openshift.io/v1");
        Reply list = admin.get(ALL_STREAMS);

        // Then
        assertEquals(404, discovery.status());
        assertEquals(404, list.status());
        assertEquals(200, admin.get("/api/v1/namespaces").status());
        assertFalse(admin.get("/apis").body().toString().contains("openshift"));
    }

    @Test
    void aNewObjectGetsTheServersMetadata() {
        // Given
        api.namespace("ns");

        // When
        Reply reply = admin.post(
                STREAMS,
                "{\"metadata\":{\"name\":\"app\",\"uid\":\"mine\",\"creationTimestamp\":\"2020-01-01T00:00:00Z\"}}");

        // Then
        assertEquals(201, reply.status());
        assertEquals("ImageStream", reply.body().path("kind").asText());
        assertEquals("image.openshift.io/v1", reply.body().path("apiVersion").asText());
        assertNotEquals("mine", reply.body().at("/metadata/uid").asText());
        assertEquals(
                "2026-11-22T10:00:00Z",
                reply.body().at("/metadata/creationTimestamp").asText());
        assertFalse(reply.body().at("/metadata/resourceVersion").asText().isEmpty());
        assertEquals(1, reply.body().at("/metadata/generation").asInt());
        assertEquals(
                "admin", reply.body().at("/metadata/managedFields/0/manager").asText());
    }

    @Test
    void whatExistsIsNotCreatedAgain() {
        // Given
        streams("ns", "app");

        // When
        Reply reply = admin.post(STREAMS, named("app"));

        // Then
        assertEquals(409, reply.status());
        assertEquals("AlreadyExists", reply.body().path("reason").asText());
        assertEquals("imagestreams.image.openshift.io \"app\" already exists", reply.message());
    }

    @Test
    void aNewObjectMustHaveNoResourceVersion() {
        // Given
        api.namespace("ns");

        // When
        Reply reply = admin.post(STREAMS, "{\"metadata\":{\"name\":\"app\",\"resourceVersion\":\"7\"}}");

        // Then
        assertEquals(500, reply.status());
        assertEquals("resourceVersion should not be set on objects to be created", reply.message());
    }

    @Test
    void whatIsAbsentIsNotFound() {
        // Given
        api.namespace("ns");

        // When
        Reply reply = admin.get(STREAMS + "/app");

        // Then
        assertEquals(404, reply.status());
        assertEquals("imagestreams.image.openshift.io \"app\" not found", reply.message());
        assertEquals("imagestreams", reply.body().at("/details/kind").asText());
    }

    @Test
    void nothingIsCreatedInANamespaceThatIsAbsent() {
        // When
        Reply reply = admin.post(STREAMS, named("app"));

        // Then
        assertEquals(404, reply.status());
        assertEquals("namespaces \"ns\" not found", reply.message());
    }

    @Test
    void namespacesAreCreatedGotAndListed() {
        // When
        Reply created = admin.post("/api/v1/namespaces", named("ns"));

        // Then
        assertEquals(201, created.status());
        assertEquals(
                "Active",
                admin.get("/api/v1/namespaces/ns").body().at("/status/phase").asText());
        assertEquals(List.of("ns"), names(admin.get("/api/v1/namespaces")));
    }

    @Test
    void aBodyOfAnotherKindNamespaceOrNameIsABadRequest() {
        // Given
        streams("ns", "app");
        ObjectNode elsewhere = api.stream("ns", "app");
        Metadata.of(elsewhere).put("namespace", "other");

        // When
        Reply kind = admin.post(STREAMS, "{\"kind\":\"Image\",\"metadata\":{\"name\":\"b\"}}");
        Reply namespace = admin.put(STREAMS + "/app", elsewhere);
        Reply name = admin.put(STREAMS + "/b", api.stream("ns", "app"));

        // Then
        assertEquals(400, kind.status());
        assertEquals(400, namespace.status());
        assertEquals("the name of the object (app) does not match the name on the URL (b)", name.message());
    }

    @Test
    void anUpdateOfAnOlderVersionIsAConflict() {
        // Given
        streams("ns", "app");
        ObjectNode stale = api.stream("ns", "app");
        admin.patch(STREAMS + "/app", "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}");

        // When
        Reply reply = admin.put(STREAMS + "/app", stale);

        // Then
        assertEquals(409, reply.status());
        assertEquals(
                "Operation cannot be fulfilled on imagestreams.image.openshift.io \"app\": the object has been modified;"
                        + " please apply your changes to the latest version and try again",
                reply.message());
    }

    @Test
    void anUpdateMustNameTheVersion() {
        // Given
        streams("ns", "app");
        ObjectNode stream = api.stream("ns", "app");
        Metadata.of(stream).remove("resourceVersion");

        // When
        Reply reply = admin.put(STREAMS + "/app/status", stream);

        // Then
        assertEquals(422, reply.status());
        assertEquals(
                "imagestreams.image.openshift.io \"app\" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be"
                        + " specified for an update",
                reply.message());
    }

    @Test
    void anUpdateOfAnObjectThatWasMadeAnewIsAConflict() {
        // Given
        streams("ns", "app");
        ObjectNode stream = api.stream("ns", "app");
        Metadata.of(stream).put("uid", "of the one before");

        // When
        Reply reply = admin.put(STREAMS + "/app", stream);

        // Then
        assertEquals(409, reply.status());
        assertTrue(reply.message().contains("Precondition failed: UID in precondition: of the one before"));
    }

    @Test
    void anUpdateThatChangesNothingIsNotWritten() {
        // Given
        streams("ns", "app");
        ObjectNode stream = api.stream("ns", "app");

        // When
        Reply reply = admin.put(STREAMS + "/app", stream);

        // Then
        assertEquals(stream, reply.body());
    }

    @Test
    void listsComeInTheOrderOfKeysAndInPages() {
        // Given
        streams("a", "x");
        streams("a-b", "x");
        streams("a", "b");

        // When
        Reply first = admin.get(ALL_STREAMS + "?limit=2");
        Reply second = admin.get(ALL_STREAMS + "?limit=2&continue="
                + first.body().at("/metadata/continue").asText());

        // Then
        assertEquals(List.of("a-b/x", "a/b"), paths(first));
        assertEquals(1, first.body().at("/metadata/remainingItemCount").asInt());
        assertEquals(List.of("a/x"), paths(second));
        assertFalse(second.body().path("metadata").has("continue"));
        assertEquals("ImageStreamList", first.body().path("kind").asText());
        assertFalse(first.body().at("/items/0").has("kind"));
    }

    @Test
    void aListOfANamespaceShowsNoOther() {
        // Given
        streams("ns", "app", "base");
        streams("ns-b", "app");

        // When
        Reply first = admin.get(STREAMS + "?limit=1");
        Reply second = admin.get(
                STREAMS + "?continue=" + first.body().at("/metadata/continue").asText());

        // Then
        assertEquals(List.of("ns/app"), paths(first));
        assertEquals(List.of("ns/base"), paths(second));
    }

    @Test
    void laterPagesShowWhatWasThereAtTheFirst() {
        // Given
        streams("ns", "a", "c");
        Reply first = admin.get(STREAMS + "?limit=1");
        streams("ns", "b");

        // When
        Reply second = admin.get(
                STREAMS + "?continue=" + first.body().at("/metadata/continue").asText());

        // Then
        assertEquals(List.of("ns/c"), paths(second));
        assertEquals(first.body().at("/metadata/resourceVersion"), second.body().at("/metadata/resourceVersion"));
    }

    @Test
    void anExpiredTokenIsGoneAndAnotherOneGoesOnWithWhatIsThereNow() {
        // Given
        streams("ns", "a", "c");
        Reply first = admin.get(STREAMS + "?limit=1");
        streams("ns", "d");
        api.expireNextContinue();

        // When
        Reply gone = admin.get(
                STREAMS + "?continue=" + first.body().at("/metadata/continue").asText());
        Reply rest = admin.get(
                STREAMS + "?continue=" + gone.body().at("/metadata/continue").asText());

        // Then
        assertEquals(410, gone.status());
        assertEquals("Expired", gone.body().path("reason").asText());
        assertEquals(List.of("ns/c", "ns/d"), paths(rest));
    }

    @Test
    void theOperatorsObjectsArePatched() {
        // When
        Reply pruner = admin.patch(PRUNER, "{\"spec\":{\"suspend\":true}}");
        Reply config = admin.patch(CONFIG, "{\"spec\":{\"readOnly\":true}}");

        // Then
        assertEquals(200, pruner.status());
        assertTrue(api.imagePruner().at("/spec/suspend").asBoolean());
        assertEquals(3, api.imagePruner().at("/spec/keepTagRevisions").asInt());
        assertEquals(2, config.body().at("/metadata/generation").asInt());
        assertTrue(api.registryConfig().at("/spec/readOnly").asBoolean());
    }

    @Test
    void aPatchOfAnotherTypeIsRefused() {
        // When
        Reply reply = admin.send("PATCH", PRUNER, "application/json-patch+json", "{}");

        // Then
        assertEquals(415, reply.status());
    }

    @Test
    void requestsAreKeptInTheirOrder() {
        // When
        admin.get("/api/v1/namespaces?limit=5");
        admin.get("/apis");

        // Then
        assertEquals(List.of("GET /api/v1/namespaces?limit=5", "GET /apis"), api.requests());
    }

    @Test
    void aHookThatThrowsCutsTheConnection() {
        // Given
        api.onRequest(request -> {
            throw new AssertionError("cut");
        });

        // When
        Runnable call = () -> admin.post("/api/v1/namespaces", named("ns"));

        // Then
        assertThrows(UncheckedIOException.class, call::run);
        api.onRequest(request -> {});
        assertEquals(404, admin.get("/api/v1/namespaces/ns").status());
    }

    @Test
    void aHookMayBlockWhileOthersAreServed() {
        // Given
        CountDownLatch released = new CountDownLatch(1);
        api.onRequest(request -> {
            if (request.method().equals("POST")) {
                await(released);
            }
        });
        CompletableFuture<Reply> blocked =
                CompletableFuture.supplyAsync(() -> admin.post("/api/v1/namespaces", named("ns")));

        // When
        Reply other = admin.get("/api/v1/namespaces");
        released.countDown();

        // Then
        assertEquals(200, other.status());
        assertEquals(201, blocked.join().status());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aHookMayRevokeTheRightOfTheRequestItSees() {
        // Given
        OpenShiftApi.Account account = api.account("x").everything();
        api.onRequest(request -> account.mayNot("list", "", "namespaces", "*"));

        // When
        Reply reply = new Caller(api, account).get("/api/v1/namespaces");

        // Then
        assertEquals(403, reply.status());
    }
}
