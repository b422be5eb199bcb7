package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.CephRgw;
import dev.registrybackup.lab.DockerRegistry;
import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.OpenShiftRegistry;
import dev.registrybackup.lab.OperationsClient;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.RunningCommand;
import dev.registrybackup.lab.Skopeo;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import dev.registrybackup.lab.openshift.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A registry as OpenShift's: blobs and links in Ceph RGW, pushed by skopeo through docker-registry, and tags in a cluster's
 * API only. The shipped jar backs up both while images are pushed; each test restores into an empty cluster and an empty
 * bucket, which a docker-registry then serves.
 */
@RequiresRealStack
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealStackOpenShiftIT {
    private static final Duration BOUND = Duration.ofMinutes(3);
    private static final String IMAGE_API = "/apis/image.openshift.io/v1/";
    private static final List<String> STREAMS =
            List.of("dev/app", "dev/multi", "prod/app", "dev/base", "dev/moving", "dev/meanwhile");
    private static final String EXTERNAL = "sha256:" + "e".repeat(64);
    private static final String[] BY_STATUS = {"--all", "--image-streams", "status", "--create-namespaces", "--json"};

    private static final List<String> CREATION =
            List.of("uid", "resourceVersion", "creationTimestamp", "managedFields");

    private final TestImages images = new TestImages(17);
    private final TestImage older = images.image(5_000, 2 << 20);
    private final TestImage newer =
            images.imageOf(List.of(images.layer(6_000), older.blobs().get(1)));
    private final TestImage index = images.index(2, 300, 70_000);
    private final TestImage first = images.image(9_000);
    private final TestImage second = images.image(10_000);
    private final TestImage meanwhile = images.image(7_000);
    private final TestImage tooLate = images.image(8_000);

    private Path folder = Path.of("");
    private CephRgw ceph;
    private Bucket registry;
    private Bucket backup;
    private OpenShiftRegistry lost;
    private ProductCommand reconciled;
    private Instant betweenPushes = Instant.EPOCH;

    private int number;
    private Bucket target;
    private OpenShiftApi fresh;

    @BeforeAll
    void pushAndBackUpMeanwhile(@TempDir Path temporary) {
        folder = temporary;
        ceph = CephRgw.start();
        registry = Bucket.create(ceph.registryEndpoint(), Product.REGISTRY_BUCKET);
        backup = Bucket.create(ceph.backupEndpoint(), Product.BACKUP_BUCKET).versioned();
        lost = new OpenShiftRegistry(ceph.registryEndpoint(), registry);
        push(older, "dev/app", "latest");
        push(newer, "dev/app", "latest");
        push(index, "dev/multi", "all");
        lost.laterByAMinute();
        lost.cluster().ocTag("dev", "app", "latest", "prod", "app", "live");
        lost.laterByAMinute();
        lost.cluster().importExternal("dev", "base", "9", EXTERNAL, "quay.io/base/base@" + EXTERNAL);
        pushTwiceWithCapturesOnly();
        backUpWhilePushing();
    }

    private void push(TestImage image, String repository, String tag) {
        Path layout = folder.resolve("layout-" + image.digest().substring("sha256:".length()));
        image.writeOciLayout(layout, "v1");
        lost.push(layout, image, repository, tag);
    }

    /** Blobs come with the next reconciliation, when the first of the pushes is history. */
    private void pushTwiceWithCapturesOnly() {
        Map<String, String> settings = on(lost.cluster(), registry);
        settings.put("SERVICE_ROLE", "capture");
        try (Product capturing = Product.start(settings, "-Xmx128m")) {
            push(first, "dev/moving", "latest");
            hint(capturing);
            Instant captured = Instant.now();
            Awaitility.await().atMost(BOUND).until(() -> Instant.now().isAfter(captured.plusMillis(5)));
            betweenPushes = Instant.now();
            push(second, "dev/moving", "latest");
            hint(capturing);
        }
    }

    /** Posts a change as Knative's ApiServerSource does, again while the answer is 503: the first capture may take long. */
    private static void hint(Product capturing) {
        Awaitility.await()
                .atMost(BOUND)
                .until(
                        () -> Events.cloudEvent(capturing.uri(), "dev.knative.apiserver.ref.update")
                                .body("{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\","
                                        + "\"namespace\":\"dev\",\"name\":\"moving\"}")
                                .post("/")
                                .statusCode(),
                        status -> status == 204);
    }

    /** One push ends just before the ImageStreams are listed, and one after that, while the snapshot is being taken. */
    private void backUpWhilePushing() {
        AtomicBoolean isListed = new AtomicBoolean();
        AtomicBoolean isAsked = new AtomicBoolean();
        lost.cluster().onRequest(request -> {
            if (request.path().equals(IMAGE_API + "imagestreams") && isListed.compareAndSet(false, true)) {
                push(meanwhile, "dev/meanwhile", "v1");
            }
            if (request.path().equals(IMAGE_API + "images/" + meanwhile.digest())
                    && isAsked.compareAndSet(false, true)) {
                push(tooLate, "dev/late", "v1");
            }
        });
        reconciled = ProductCommand.run(on(lost.cluster(), registry), "reconcile", "--json");
        lost.cluster().onRequest(request -> {});
    }

    @AfterAll
    void stop() {
        lost.close();
        registry.close();
        backup.close();
        ceph.close();
    }

    @BeforeEach
    void makeEmptyCluster() {
        number++;
        target = Bucket.create(ceph.registryEndpoint(), "restored-" + number);
        fresh = OpenShiftApi.start(Clock.systemUTC());
    }

    @AfterEach
    void leaveCluster() {
        fresh.close();
        target.close();
    }

    /** The settings of a product on that cluster, whose registry has that bucket. */
    private Map<String, String> on(OpenShiftApi cluster, Bucket bucket) {
        Map<String, String> settings = plain();
        settings.put("REGISTRY_BUCKET", bucket.name());
        // Tests hold requests up for as long as a push takes.
        settings.put("QUARKUS_KUBERNETES_CLIENT_REQUEST_TIMEOUT", "180s");
        settings.put("KUBERNETES_MASTER", cluster.url());
        settings.put(
                "KUBERNETES_AUTH_TOKEN",
                cluster.account("registry-backup").everything().token());
        return settings;
    }

    private Map<String, String> plain() {
        Map<String, String> settings = new HashMap<>(Product.settings(ceph.registryEndpoint(), ceph.backupEndpoint()));
        settings.put("REGISTRY_KIND", "openshift");
        // A command lives for seconds, in which compiling for long lives costs more than it brings.
        settings.put("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
        return settings;
    }

    private ProductCommand onFresh(String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of(arguments));
        return ProductCommand.run(on(fresh, target), all.toArray(String[]::new));
    }

    private static List<String> remedies(JsonNode preflight) {
        List<String> remedies = new ArrayList<>();
        for (JsonNode point : preflight.path("checks")) {
            if (point.path("state").asText().equals("fail")) {
                remedies.add(point.path("remedy").asText());
            }
        }
        return remedies;
    }

    private void makeReady() {
        fresh.ocPatch("oc patch imagepruner.imageregistry.operator.openshift.io/cluster --type=merge -p"
                + " '{\"spec\":{\"suspend\":true}}'");
        fresh.ocPatch("oc patch configs.imageregistry.operator.openshift.io/cluster --type=merge -p"
                + " '{\"spec\":{\"readOnly\":true,\"storage\":{\"managementState\":\"Unmanaged\",\"s3\":{\"bucket\":\"%s\"}}}}'"
                        .formatted(target.name()));
    }

    private static ObjectNode stream(OpenShiftApi api, String repository) {
        String[] names = repository.split("/", 2);
        return api.stream(names[0], names[1]);
    }

    /** Of each stream what its tags are and were, and what they follow. */
    private static Map<String, JsonNode> tags(OpenShiftApi api) {
        Map<String, JsonNode> tags = new TreeMap<>();
        for (String repository : STREAMS) {
            ObjectNode stream = stream(api, repository);
            tags.put(repository + " status", stream.at("/status/tags"));
            stream.at("/spec/tags")
                    .forEach(tag ->
                            tags.put(repository + " spec " + tag.path("name").asText(), tag.path("from")));
        }
        return tags;
    }

    /** By stream and tag, the digests, newest first. */
    private static Map<String, List<String>> digests(OpenShiftApi api) {
        Map<String, List<String>> digests = new TreeMap<>();
        for (String repository : STREAMS) {
            for (JsonNode tag : stream(api, repository).at("/status/tags")) {
                digests.put(
                        repository + ":" + tag.path("tag").asText(),
                        tag.path("items").findValuesAsText("image"));
            }
        }
        return digests;
    }

    private Set<String> managedDigests() {
        Set<String> managed = new LinkedHashSet<>(List.of(
                older.digest(), newer.digest(), index.digest(), first.digest(), second.digest(), meanwhile.digest()));
        index.children().forEach(child -> managed.add(child.digest()));
        return managed;
    }

    /** What the API has of all that was backed up, to the last field but those that say when and where it was created. */
    private Map<String, ObjectNode> imagesOf(OpenShiftApi api) {
        Map<String, ObjectNode> all = new TreeMap<>();
        Set<String> digests = new TreeSet<>(managedDigests());
        digests.add(EXTERNAL);
        for (String digest : digests) {
            ObjectNode image = api.image(digest);
            image.withObject("metadata").remove(CREATION);
            all.put(digest, image);
        }
        return all;
    }

    /** All of it, with the versions that every write raises. */
    private Map<String, ObjectNode> everything(OpenShiftApi api) {
        Map<String, ObjectNode> all = new TreeMap<>();
        STREAMS.forEach(repository -> all.put(repository, stream(api, repository)));
        managedDigests().forEach(digest -> all.put(digest, api.image(digest)));
        all.put(EXTERNAL, api.image(EXTERNAL));
        return all;
    }

    private static List<String> writes(OpenShiftApi api) {
        return api.requests().stream()
                .filter(request -> !request.startsWith("GET") && !request.startsWith("PATCH"))
                .filter(request -> !request.contains("selfsubjectaccessreviews"))
                .toList();
    }

    private String pulled(DockerRegistry docker, String reference) {
        Path out = folder.resolve("pulled-" + number + "-" + reference.replaceAll("[^a-z0-9]", "-"));
        Skopeo.pull(docker.uri(), reference, out, "out");
        try {
            return new ObjectMapper()
                    .readTree(Files.readString(out.resolve("index.json")))
                    .at("/manifests/0/digest")
                    .asText();
        } catch (IOException e) {
            throw new UncheckedIOException("Nothing was pulled to " + out, e);
        }
    }

    /** Pulls every digest that a tag points or pointed to, and the children of the index. */
    private void assertAllPullable() {
        Set<String> references = new LinkedHashSet<>();
        digests(lost.cluster())
                .forEach((tag, digests) -> digests.stream()
                        .filter(digest -> !digest.equals(EXTERNAL))
                        .forEach(digest -> references.add(tag.replaceFirst(":.*", "@") + digest)));
        index.children().forEach(child -> references.add("dev/multi@" + child.digest()));
        assertTrue(references.contains("prod/app@" + newer.digest()), references::toString);
        assertEquals(9, references.size(), references::toString);
        try (DockerRegistry docker = DockerRegistry.onBucket(ceph.registryEndpoint(), target.name())) {
            references.forEach(reference -> assertEquals(reference.replaceFirst(".*@", ""), pulled(docker, reference)));
        }
    }

    @Test
    void everythingComesBackByStatusOnceThePreflightIsContent() {
        // Given
        ProductCommand refused = onFresh("restore", BY_STATUS);
        List<String> writtenAtFirst = writes(fresh);
        Map<String, Long> keysAtFirst = target.sizes("");
        Pattern.compile("Fix it with: (.*)")
                .matcher(refused.errors())
                .results()
                .forEach(remedy -> fresh.ocPatch(remedy.group(1)));

        // When
        ProductCommand restored = onFresh("restore", BY_STATUS);
        Map<String, ObjectNode> after = everything(fresh);
        ProductCommand again = onFresh("restore", BY_STATUS);

        // Then
        assertEquals(0, reconciled.code(), reconciled::toString);
        assertEquals(
                6, reconciled.json().at("/summary/imageStreams/imageStreams").asInt(), reconciled::toString);
        assertEquals(1, refused.code(), refused::toString);
        assertTrue(refused.errors().contains("The restore wrote nothing because"), refused::toString);
        assertTrue(refused.errors().contains("image pruner: it is not suspended"), refused::toString);
        assertEquals(List.of(), writtenAtFirst);
        assertEquals(Map.of(), keysAtFirst);
        assertEquals(0, restored.code(), restored::toString);
        assertEquals(tags(lost.cluster()), tags(fresh));
        assertEquals(imagesOf(lost.cluster()), imagesOf(fresh));
        assertEquals(0, again.code(), again::toString);
        assertEquals(after, everything(fresh));
        assertEquals(0, again.json().at("/summary/cluster/imagesCreated").asInt(-1), again::toString);
        assertEquals(0, again.json().at("/summary/cluster/tagsChanged").asInt(-1), again::toString);
        assertEquals(false, fresh.hasStream("dev", "late"));
        assertAllPullable();
    }

    @Test
    void everythingComesBackByMappingOverHttp() {
        // Given
        String request = "{'scope':{'all':true},'imageStreams':'mapping','createNamespaces':true}";
        Map<String, String> settings = on(fresh, target);
        settings.put("SERVICE_ROLE", "restore");
        try (Product service = Product.start(settings, "-Xmx128m")) {
            OperationsClient client = new OperationsClient(service.uri());
            OperationsClient.Answer refused = client.post("/restore", request);
            List<String> writtenAtFirst = writes(fresh);
            remedies(client.post("/preflight", request).json()).forEach(remedy -> fresh.ocPatch(remedy));

            // When
            JsonNode operation = client.done("/restore", request);

            // Then
            assertEquals(412, refused.status(), refused::body);
            assertTrue(refused.body().contains("image pruner: it is not suspended"), refused::body);
            assertEquals(List.of(), writtenAtFirst);
            assertEquals("succeeded", operation.path("state").asText(), operation::toPrettyString);
            assertEquals(1, operation.at("/findings/counts").size(), operation::toPrettyString);
            assertEquals(1, operation.at("/findings/counts/TIME_APPROXIMATE").asInt(), operation::toPrettyString);
            assertEquals(digests(lost.cluster()), digests(fresh));
            assertTrue(service.log().contains("event=imagestreams-restored strategy=mapping"), service::log);
        }
    }

    @Test
    void aTagIsRestoredAsItWasBetweenTwoCapturedPushes() {
        // Given
        makeReady();

        // When
        ProductCommand command = onFresh(
                "restore",
                "--repository",
                "dev/moving",
                "--at",
                betweenPushes.toString(),
                "--image-streams",
                "status",
                "--create-namespaces",
                "--json");

        // Then
        JsonNode tags = stream(fresh, "dev/moving").at("/status/tags");
        assertEquals(0, command.code(), command::toString);
        assertEquals(List.of(first.digest()), tags.findValuesAsText("image"));
        assertEquals(
                stream(lost.cluster(), "dev/moving").at("/status/tags/0/items/1/created"),
                tags.at("/0/items/0/created"));
        try (DockerRegistry docker = DockerRegistry.onBucket(ceph.registryEndpoint(), target.name())) {
            assertEquals(first.digest(), pulled(docker, "dev/moving@" + first.digest()));
        }
    }

    @Test
    void aRestoreKilledInItsMiddleIsFinishedWhenItRunsAgain() {
        // Given
        makeReady();
        Set<String> before = operations();
        List<String> statuses = new CopyOnWriteArrayList<>();
        killedAt(
                request -> {
                    if (request.path().endsWith("/status")) {
                        statuses.add(request.path());
                    }
                    return statuses.size() == 3;
                },
                "restore",
                BY_STATUS);
        Set<String> asked = operations();
        asked.removeAll(before);
        String id = asked.iterator().next();
        List<String> restored = STREAMS.stream().filter(this::isInFresh).toList();

        // When
        ProductCommand again = onFresh("operation", "run", id, "--json");

        // Then
        assertEquals(1, asked.size());
        assertEquals(3, restored.size(), restored::toString);
        assertEquals(0, again.code(), again::toString);
        assertEquals("succeeded", again.json().path("state").asText(), again::toString);
        assertEquals(tags(lost.cluster()), tags(fresh));
        assertEquals(imagesOf(lost.cluster()), imagesOf(fresh));
    }

    private Set<String> operations() {
        Set<String> ids = new TreeSet<>();
        backup.sizes("registry-backup/operations/").keySet().forEach(key -> ids.add(key.split("/", -1)[2]));
        return ids;
    }

    private boolean isInFresh(String repository) {
        String[] names = repository.split("/", 2);
        return fresh.hasStream(names[0], names[1]);
    }

    /** Kills a command when it asks such a thing, which the cluster does all the same. */
    private void killedAt(Predicate<Request> place, String command, String... arguments) {
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch isKilled = new CountDownLatch(1);
        fresh.onRequest(request -> {
            if (place.test(request)) {
                reached.countDown();
                await(isKilled);
            }
        });
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of(arguments));
        try (RunningCommand running = RunningCommand.start(on(fresh, target), all.toArray(String[]::new))) {
            await(reached);
            running.kill();
        } finally {
            isKilled.countDown();
            fresh.onRequest(request -> {});
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(BOUND.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("Not within " + BOUND);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Stopped while waiting", e);
        }
    }

    @Test
    void aStandbyServesTags() {
        // Given
        Map<String, String> settings = plain();
        settings.put(
                "RESTORE_TARGETS_STANDBY_ENDPOINT",
                ceph.registryEndpoint().uri().toString());
        settings.put("RESTORE_TARGETS_STANDBY_REGION", ceph.registryEndpoint().region());
        settings.put("RESTORE_TARGETS_STANDBY_BUCKET", target.name());
        settings.put(
                "RESTORE_TARGETS_STANDBY_ACCESS_KEY", ceph.registryEndpoint().accessKey());
        settings.put(
                "RESTORE_TARGETS_STANDBY_SECRET_KEY", ceph.registryEndpoint().secretKey());

        // When
        ProductCommand command = ProductCommand.run(
                settings, "restore", "--all", "--image-streams", "tag-links", "--target", "standby", "--json");

        // Then
        assertEquals(0, command.code(), command::toString);
        try (DockerRegistry standby = DockerRegistry.onBucket(ceph.registryEndpoint(), target.name())) {
            assertEquals(newer.digest(), pulled(standby, "dev/app:latest"));
            assertEquals(newer.digest(), pulled(standby, "prod/app:live"));
            assertEquals(index.digest(), pulled(standby, "dev/multi:all"));
        }
    }

    @Test
    void verifyNamesTheOneItemWhoseBlobIsGone() {
        // Given
        String layer = OpenShiftRegistry.blobKey(older.blobs().get(0).digest());
        byte[] bytes = backup.bytes(layer);
        Map<String, String> settings = plain();
        settings.put("SERVICE_ROLE", "operations");
        try (Product service = Product.start(settings, "-Xmx128m")) {
            OperationsClient client = new OperationsClient(service.uri());
            JsonNode before = client.done("/verify", "{}");
            backup.remove(layer);

            // When
            JsonNode after = client.done("/verify", "{}");

            // Then
            assertEquals(0, before.at("/findings/counts").size(), before::toPrettyString);
            assertEquals(7, before.at("/summary/imageStreams/restorable").asInt(), before::toPrettyString);
            assertEquals(1, after.at("/findings/counts/IS_ITEM_UNRESTORABLE").asInt(), after::toPrettyString);
            assertEquals(List.of("dev/app:latest@" + older.digest()), unrestorable(after), after::toPrettyString);
        } finally {
            backup.put(layer, bytes);
        }
    }

    private static List<String> unrestorable(JsonNode verify) {
        List<String> subjects = new ArrayList<>();
        for (JsonNode finding : verify.at("/findings/first")) {
            if (finding.path("code").asText().equals("IS_ITEM_UNRESTORABLE")) {
                subjects.add(finding.path("subject").asText());
            }
        }
        return subjects;
    }
}
