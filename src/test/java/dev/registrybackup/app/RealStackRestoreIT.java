package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.CephRgw;
import dev.registrybackup.lab.DockerRegistry;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.OperationsClient;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.Skopeo;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four repositories in two namespaces, pushed by skopeo through docker-registry into Ceph RGW, replicated by the shipped
 * jar, lost, and restored in every way there is. Each test ends with a docker-registry on what was restored.
 */
@RequiresRealStack
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealStackRestoreIT {
    private static final Duration BOUND = Duration.ofMinutes(3);
    private static final Duration TICK = Duration.ofMillis(2100);
    private static final String EVERYTHING = "{'scope':{'all':true}}";

    private final TestImages images = new TestImages(11);
    private final TestImage index = images.index(2, 300, 70_000, 33L << 20);
    private final TestImage base =
            images.imageOf(List.of(index.children().get(0).blobs().get(2), images.layer(4_000)));
    private final TestImage older = images.image(5_000, 2 << 20);
    private final TestImage newer = images.image(6_000);
    private final TestImage signature = images.image(400);
    private final String signatureTag = index.digest().replace(':', '-') + ".sig";

    private Path folder = Path.of("");
    private CephRgw ceph;
    private Bucket registry;
    private Bucket backup;
    private Product service;
    private OperationsClient client;
    private SortedMap<String, String> pushed = new TreeMap<>();
    private Instant betweenPushes = Instant.EPOCH;

    @BeforeAll
    void pushAndReplicate(@TempDir Path temporary) {
        folder = temporary;
        ceph = CephRgw.start();
        registry = Bucket.create(ceph.registryEndpoint(), Product.REGISTRY_BUCKET);
        backup = Bucket.create(ceph.backupEndpoint(), Product.BACKUP_BUCKET).versioned();
        index.writeOciLayout(folder.resolve("index"), "v1");
        base.writeOciLayout(folder.resolve("base"), "v1");
        older.writeOciLayout(folder.resolve("older"), "v1");
        newer.writeOciLayout(folder.resolve("newer"), "v1");
        signature.writeOciLayout(folder.resolve("signature"), "v1");
        try (NotifyingProxy front = NotifyingProxy.inFrontOf(ceph.registryEndpoint(), Product.REGISTRY_BUCKET);
                Product replicating = Product.start(settings(), "-Xmx128m");
                DockerRegistry docker = DockerRegistry.onBucket(front.endpoint(), Product.REGISTRY_BUCKET)) {
            front.notifyTo(replicating.notificationUri());
            push(docker, "base", "team/base:v1");
            push(docker, "index", "team/app:v1");
            push(docker, "signature", "team/app:" + signatureTag);
            push(docker, "base", "other/tool:v1");
            push(docker, "older", "other/moved:latest");
            awaitWhole(front, replicating);
            pause();
            betweenPushes = Instant.now();
            pause();
            push(docker, "newer", "other/moved:latest");
            awaitWhole(front, replicating);
        }
        pushed = registry.contents("docker/");
        service = Product.start(restoring(), "-Xmx128m");
        client = new OperationsClient(service.uri());
    }

    private void push(DockerRegistry docker, String layout, String reference) {
        Skopeo.push(folder.resolve(layout), "v1", docker.uri(), reference);
    }

    private void awaitWhole(NotifyingProxy front, Product replicating) {
        front.awaitDelivered(BOUND);
        Awaitility.await()
                .atMost(BOUND)
                .untilAsserted(() ->
                        assertEquals(List.of(), new BackupCheck(registry, backup).differences(), replicating::log));
    }

    /** What stores say of the time is in whole seconds. */
    private static void pause() {
        Instant until = Instant.now().plus(TICK);
        Awaitility.await().atMost(BOUND).until(() -> Instant.now().isAfter(until));
    }

    private Map<String, String> settings() {
        return Product.settings(ceph.registryEndpoint(), ceph.backupEndpoint());
    }

    private Map<String, String> restoring() {
        Map<String, String> settings = new HashMap<>(settings());
        settings.put("SERVICE_ROLE", "restore");
        return settings;
    }

    private Map<String, String> slowly() {
        Map<String, String> settings = restoring();
        settings.put("BANDWIDTH_BYTES_PER_SECOND", "4000000");
        return settings;
    }

    @BeforeEach
    void wipe() {
        registry.wipe();
    }

    @AfterAll
    void stop() {
        service.close();
        registry.close();
        backup.close();
        ceph.close();
    }

    private String pulled(DockerRegistry docker, String reference) {
        Path out = folder.resolve("pulled-" + reference.replaceAll("[^a-z0-9]", "-") + "-" + System.nanoTime());
        Skopeo.pull(docker.uri(), reference, out, "out");
        return Blob.of(Skopeo.manifest(docker.uri(), reference)).digest();
    }

    private DockerRegistry restored() {
        return DockerRegistry.onBucket(ceph.registryEndpoint(), Product.REGISTRY_BUCKET);
    }

    private void servesEverything(DockerRegistry docker) {
        assertEquals(index.digest(), pulled(docker, "team/app:v1"));
        assertEquals(signature.digest(), pulled(docker, "team/app:" + signatureTag));
        assertEquals(base.digest(), pulled(docker, "team/base:v1"));
        assertEquals(base.digest(), pulled(docker, "other/tool:v1"));
        assertEquals(newer.digest(), pulled(docker, "other/moved:latest"));
        assertEquals(older.digest(), pulled(docker, "other/moved@" + older.digest()));
    }

    private boolean isThere(TestImage image) {
        return isThere(image.manifest());
    }

    private boolean isThere(Blob blob) {
        String hex = blob.digest().substring("sha256:".length());
        return registry.sizes("docker/registry/v2/blobs/sha256/" + hex.substring(0, 2) + "/" + hex + "/data")
                        .size()
                == 1;
    }

    private static void assertSucceeded(JsonNode operation) {
        assertEquals("succeeded", operation.path("state").asText(), operation::toPrettyString);
        assertEquals(
                operation.at("/objects/total").asLong(),
                operation.at("/objects/done").asLong());
    }

    @Test
    void everythingComesBackByteByByte() {
        // When
        JsonNode operation = client.done("/restore", EVERYTHING);

        // Then
        assertSucceeded(operation);
        assertEquals(pushed, registry.contents(""));
        assertEquals(pushed.size(), operation.at("/summary/toCopy/objects").asInt());
        try (DockerRegistry docker = restored()) {
            servesEverything(docker);
        }
    }

    @Test
    void aNamespaceComesWithoutTheOthersBlobs() {
        // When
        JsonNode operation = client.done("/restore", "{'scope':{'namespace':'other'}}");

        // Then
        assertSucceeded(operation);
        assertFalse(isThere(index));
        assertFalse(isThere(signature));
        assertFalse(isThere(index.children().get(1).blobs().get(3)));
        try (DockerRegistry docker = restored()) {
            assertEquals(base.digest(), pulled(docker, "other/tool:v1"));
            assertEquals(newer.digest(), pulled(docker, "other/moved:latest"));
            assertThrows(IllegalStateException.class, () -> pulled(docker, "team/base:v1"));
        }
    }

    @Test
    void oneTagComesAloneOrWithItsSignatureAndOneDigestWithoutTag() {
        // When
        assertSucceeded(client.done("/restore", "{'scope':{'image':'team/app:v1'}}"));
        boolean signedAtFirst = isThere(signature);
        assertSucceeded(client.done("/restore", "{'scope':{'image':'team/app:v1'},'referrers':true}"));
        assertSucceeded(client.done("/restore", "{'scope':{'image':'other/moved@%s'}}".formatted(older.digest())));

        // Then
        assertFalse(signedAtFirst);
        assertFalse(isThere(base));
        try (DockerRegistry docker = restored()) {
            assertEquals(index.digest(), pulled(docker, "team/app:v1"));
            assertEquals(signature.digest(), pulled(docker, "team/app:" + signatureTag));
            assertEquals(older.digest(), pulled(docker, "other/moved@" + older.digest()));
            assertThrows(IllegalStateException.class, () -> pulled(docker, "other/moved:latest"));
        }
    }

    @Test
    void aTagComesAsItWasBetweenTwoPushes() {
        // When
        JsonNode one =
                client.done("/restore", "{'scope':{'image':'other/moved:latest'},'at':'%s'}".formatted(betweenPushes));
        String tag;
        try (DockerRegistry docker = restored()) {
            tag = pulled(docker, "other/moved:latest");
        }
        registry.wipe();
        JsonNode all = client.done("/restore", "{'scope':{'all':true},'at':'%s'}".formatted(betweenPushes));

        // Then
        assertSucceeded(one);
        assertSucceeded(all);
        assertEquals(older.digest(), tag);
        try (DockerRegistry docker = restored()) {
            assertEquals(older.digest(), pulled(docker, "other/moved:latest"));
            assertEquals(index.digest(), pulled(docker, "team/app:v1"));
            assertThrows(IllegalStateException.class, () -> pulled(docker, "other/moved@" + newer.digest()));
        }
    }

    @Test
    void verifyAndRepairFixALiveRegistry() {
        // Given
        assertSucceeded(client.done("/restore", EVERYTHING));
        Blob deleted = base.blobs().get(1);
        Blob truncated = index.children().get(1).blobs().get(2);
        Blob flipped = older.blobs().get(2);
        byte[] wrong = registry.bytes(blobKey(flipped));
        wrong[wrong.length / 2] ^= 1;
        registry.remove(blobKey(deleted));
        registry.put(blobKey(truncated), new byte[1000]);
        registry.put(blobKey(flipped), wrong);

        // When
        Map<String, String> settings = new HashMap<>(settings());
        settings.put("SERVICE_ROLE", "operations");
        JsonNode found;
        JsonNode repaired;
        JsonNode after;
        try (Product operations = Product.start(settings, "-Xmx128m")) {
            OperationsClient verifying = new OperationsClient(operations.uri());
            found = verifying.done("/verify", "{'store':'registry','depth':'content'}");
            repaired = client.done("/restore", "{'scope':{'all':true},'mode':'repair'}");
            after = verifying.done("/verify", "{'store':'registry','depth':'content'}");
        }

        // Then
        assertTrue(found.at("/findings/counts/BLOB_MISSING").asInt() >= 1, found::toPrettyString);
        assertTrue(found.at("/findings/counts/BLOB_DIGEST_MISMATCH").asInt() >= 1, found::toPrettyString);
        assertSucceeded(repaired);
        assertEquals(3, repaired.at("/summary/toCopy/objects").asInt() + 1, repaired::toPrettyString);
        assertEquals(Set.of(), Set.copyOf(after.at("/findings/first").findValuesAsText("code")));
        assertEquals(pushed, registry.contents(""));
        try (DockerRegistry docker = restored()) {
            servesEverything(docker);
        }
    }

    private static String blobKey(Blob blob) {
        String hex = blob.digest().substring("sha256:".length());
        return "docker/registry/v2/blobs/sha256/" + hex.substring(0, 2) + "/" + hex + "/data";
    }

    /** Has everything restored by a slow product, and returns the operation's id once some of it is there. */
    private String restoreHalfWay(Product slow) {
        String id = new OperationsClient(slow.uri())
                .post("/restore", EVERYTHING)
                .json()
                .path("id")
                .asText();
        Awaitility.await().atMost(BOUND).until(() -> registry.sizes("docker/").size() > 3);
        return id;
    }

    @Test
    void aRestoreKilledHalfWayLeavesNoBrokenTagAndGoesOnElsewhere() {
        // Given
        String id;
        try (Product slow = Product.start(slowly(), "-Xmx128m")) {
            id = restoreHalfWay(slow);
            slow.kill();
        }
        List<String> halfWay = new BackupCheck(registry, registry).flaws();
        int there = registry.sizes("docker/").size();

        // When
        ProductCommand again = ProductCommand.run(restoring(), "operation", "run", id);

        // Then
        assertEquals(
                List.of(),
                halfWay.stream().filter(flaw -> flaw.contains("link")).toList());
        assertTrue(there < pushed.size());
        assertEquals(0, again.code(), again::toString);
        assertEquals(
                "succeeded",
                client.get("/operations/" + id).json().path("state").asText());
        assertEquals(pushed, registry.contents(""));
        try (DockerRegistry docker = restored()) {
            servesEverything(docker);
        }
    }

    @Test
    void aRunThatStoodStillStopsOnceAnotherProcessWentOn() {
        // Given
        try (Product slow = Product.start(slowly(), "-Xmx128m")) {
            String id = restoreHalfWay(slow);
            slow.standStill();
            ProductCommand other = ProductCommand.run(restoring(), "operation", "run", id);

            // When
            slow.goOn();
            Awaitility.await().atMost(BOUND).until(() -> slow.log().contains("state=lost"));

            // Then
            assertEquals(0, other.code(), other::toString);
            assertEquals(pushed, registry.contents(""));
            assertEquals(
                    "succeeded",
                    client.get("/operations/" + id).json().path("state").asText());
        }
    }

    @Test
    void oneRestoreAtATimeAndItCanBeCancelled() {
        // Given
        try (Product slow = Product.start(slowly(), "-Xmx128m")) {
            OperationsClient asking = new OperationsClient(slow.uri());
            String first = asking.post("/restore", EVERYTHING).json().path("id").asText();

            // When
            OperationsClient.Answer second = asking.post("/restore", EVERYTHING);
            asking.post("/operations/" + first + "/cancel", "");
            JsonNode ended = asking.over(first);

            // Then
            assertEquals(409, second.status(), second::body);
            assertTrue(second.body().contains(first), second::body);
            assertEquals("cancelled", ended.path("state").asText());
            assertTrue(registry.sizes("docker/").size() < pushed.size());
        }
    }

    @Test
    void aMissingBucketIsSaidAndNothingIsWritten() {
        // Given
        registry.client().deleteBucket(request -> request.bucket(Product.REGISTRY_BUCKET));

        // When
        OperationsClient.Answer answer = client.post("/restore", EVERYTHING);
        registry.client().createBucket(request -> request.bucket(Product.REGISTRY_BUCKET));

        // Then
        assertEquals(503, answer.status());
        assertEquals(
                "Failed to reach the registry bucket registry: the store answered 404 NoSuchBucket. Create the bucket"
                        + " or correct its name in the configuration",
                answer.body());
    }

    @Test
    void aDirectoryIsServedByTheFileSystemDriver() throws IOException {
        // Given
        Path directory = Files.createDirectory(folder.resolve("volume"));

        // When
        ProductCommand command =
                ProductCommand.run(settings(), "restore", "--all", "--directory", directory.toString());

        // Then
        assertEquals(0, command.code(), command::toString);
        assertEquals(Map.of(), registry.sizes(""));
        try (DockerRegistry docker = DockerRegistry.onFiles(directory)) {
            servesEverything(docker);
        }
    }

    @Test
    void theBackupIsServedReadOnlyAndCarriedIntoAnotherRegistry() throws IOException {
        // Given
        SortedMap<String, Long> before = backup.sizes("docker/");
        Path empty = Files.createDirectory(folder.resolve("second"));
        try (DockerRegistry standby = DockerRegistry.readOnly(ceph.backupEndpoint(), Product.BACKUP_BUCKET);
                DockerRegistry second = DockerRegistry.onFiles(empty)) {
            // When
            servesEverything(standby);
            assertThrows(
                    IllegalStateException.class,
                    () -> Skopeo.push(folder.resolve("newer"), "v1", standby.uri(), "team/pushed:v1"));
            Skopeo.carry(standby.uri(), "team/app:v1", second.uri());

            // Then
            assertEquals(index.digest(), pulled(second, "team/app:v1"));
            assertEquals(before, backup.sizes("docker/"));
        }
    }
}
