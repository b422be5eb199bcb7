package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.CephRgw;
import dev.registrybackup.lab.DockerRegistry;
import dev.registrybackup.lab.Fault;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Operation;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RcloneSync;
import dev.registrybackup.lab.RecordedRequest;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.RunningCommand;
import dev.registrybackup.lab.S3Request;
import dev.registrybackup.lab.Skopeo;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TestJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The shipped jar as a command, and the rclone that it starts, on Ceph RGW; skopeo and docker-registry fill the registry
 * bucket and serve what is in the backup. One gateway for all, two buckets for each test. What the product and rclone ask
 * passes a recording proxy before each bucket.
 */
@RequiresRealStack
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealStackReconcileIT {
    private static final Duration BOUND = Duration.ofMinutes(3);
    private static final String REGISTRY = "docker/registry/v2/";
    private static final String ABSENCES = "registry-backup/missing-in-registry";
    private static final String ALARMS = "registry-backup/alarms/";
    private static final String ADOPTED = "registry-backup/verified";
    private static final Map<String, Pattern> CLASSES = Map.of(
            "blob", Pattern.compile(".*/data"),
            "layer-link", Pattern.compile(".*/_layers/.*/link"),
            "revision-link", Pattern.compile(".*/_manifests/revisions/.*/link"),
            "tag-index-link", Pattern.compile(".*/_manifests/tags/.*/index/.*/link"),
            "tag-current-link", Pattern.compile(".*/_manifests/tags/.*/current/link"));

    private final TestImages images = new TestImages(13);
    private final Blob inParts = images.layer(66L << 20);
    private final TestImage large =
            images.indexOf(List.of(images.imageOf(List.of(images.layer(300), inParts)), images.image(70_000)));
    private final TestImage index = images.index(2, 300, 70_000);
    private final TestImage base =
            images.imageOf(List.of(index.children().get(0).blobs().get(1), images.layer(4_000)));
    private final TestImage older = images.image(5_000, 6 << 20);
    private final TestImage newer = images.image(6_000, 400);
    private final TestImage other = images.image(700);

    private Path folder = Path.of("");
    private CephRgw ceph;
    /** What three pushes left: each test begins with a copy. */
    private Bucket pushed;

    private int number;
    private Bucket registry;
    private Bucket backup;
    private NotifyingProxy beforeRegistry;
    private NotifyingProxy beforeBackup;
    /** On the registry bucket itself: nobody is notified of what it is pushed. */
    private DockerRegistry unnoticed;

    @BeforeAll
    void startGateway(@TempDir Path temporary) {
        folder = temporary;
        ceph = CephRgw.start();
        large.writeOciLayout(folder.resolve("large"), "v1");
        index.writeOciLayout(folder.resolve("index"), "v1");
        base.writeOciLayout(folder.resolve("base"), "v1");
        older.writeOciLayout(folder.resolve("older"), "v1");
        newer.writeOciLayout(folder.resolve("newer"), "v1");
        other.writeOciLayout(folder.resolve("other"), "v1");
        pushed = Bucket.create(ceph.registryEndpoint(), "pushed");
        try (DockerRegistry docker = DockerRegistry.onBucket(ceph.registryEndpoint(), pushed.name())) {
            push(docker, "base", "team/base:v1");
            push(docker, "index", "team/app:v1");
            push(docker, "older", "other/moved:latest");
        }
    }

    @BeforeEach
    void makeBuckets() {
        number++;
        registry = Bucket.create(ceph.registryEndpoint(), "registry-" + number);
        backup = Bucket.create(ceph.backupEndpoint(), "backup-" + number).versioned();
        beforeRegistry = NotifyingProxy.inFrontOf(ceph.registryEndpoint(), registry.name());
        beforeBackup = NotifyingProxy.inFrontOf(ceph.backupEndpoint(), "none");
        unnoticed = DockerRegistry.onBucket(ceph.registryEndpoint(), registry.name());
        pushed.sizes("")
                .keySet()
                .forEach(key -> registry.client()
                        .copyObject(request -> request.sourceBucket(pushed.name())
                                .sourceKey(key)
                                .destinationBucket(registry.name())
                                .destinationKey(key)));
    }

    @AfterEach
    void leaveBuckets() {
        unnoticed.close();
        beforeRegistry.close();
        beforeBackup.close();
        registry.close();
        backup.close();
    }

    @AfterAll
    void stopGateway() {
        pushed.close();
        ceph.close();
    }

    private Map<String, String> settings() {
        Map<String, String> settings =
                new HashMap<>(Product.settings(beforeRegistry.endpoint(), beforeBackup.endpoint()));
        settings.put("REGISTRY_BUCKET", registry.name());
        settings.put("BACKUP_BUCKET", backup.name());
        settings.put("RECONCILE_DELETES", "mirror");
        settings.put("RECONCILE_EVENT_LAG_THRESHOLD", "PT0S");
        // Some clouds' images set it, and rclone 1.60 ends at once if it finds it.
        settings.put("AWS_CA_BUNDLE", "/nowhere/ca-bundle.pem");
        return settings;
    }

    private Map<String, String> withRole(String role) {
        Map<String, String> settings = settings();
        settings.put("SERVICE_ROLE", role);
        return settings;
    }

    private ProductCommand reconcile(String... more) {
        List<String> arguments = new ArrayList<>(List.of("reconcile", "--json"));
        arguments.addAll(List.of(more));
        return ProductCommand.run(settings(), arguments.toArray(String[]::new));
    }

    private void push(DockerRegistry docker, String layout, String reference) {
        Skopeo.push(folder.resolve(layout), "v1", docker.uri(), reference);
    }

    private BackupCheck check() {
        return new BackupCheck(registry, backup);
    }

    private DockerRegistry fromBackup() {
        return DockerRegistry.readOnly(ceph.backupEndpoint(), backup.name());
    }

    private String pulled(DockerRegistry docker, String reference) {
        Path out = folder.resolve("pulled-" + number + "-" + reference.replaceAll("[^a-z0-9]", "-"));
        Skopeo.pull(docker.uri(), reference, out, "out");
        return Blob.of(Skopeo.manifest(docker.uri(), reference)).digest();
    }

    private static String blobKey(Blob blob) {
        return REGISTRY + "blobs/sha256/" + blob.hex().substring(0, 2) + "/" + blob.hex() + "/data";
    }

    private static byte[] flipped(byte[] bytes) {
        byte[] copy = bytes.clone();
        copy[copy.length / 2] ^= 1;
        return copy;
    }

    private static JsonNode json(Bucket bucket, String key) {
        return TestJson.parse(bucket.bytes(key));
    }

    private JsonNode reportOf(ProductCommand command) {
        return json(
                backup,
                "registry-backup/reports/%s/summary.json"
                        .formatted(command.json().path("id").asText()));
    }

    /** How many keys of each class are missing or different in the backup. */
    private Map<String, Long> differing() {
        SortedMap<String, String> there = backup.contents(REGISTRY);
        return registry.contents(REGISTRY).entrySet().stream()
                .filter(entry -> !entry.getValue().equals(there.get(entry.getKey())))
                .collect(Collectors.groupingBy(entry -> classOf(entry.getKey()), TreeMap::new, Collectors.counting()));
    }

    private static String classOf(String key) {
        return CLASSES.entrySet().stream()
                .filter(entry -> entry.getValue().matcher(key).matches())
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("unknown-object");
    }

    /** What a report says of each class under that name, but for zeros. */
    private static Map<String, Long> figures(JsonNode report, String name) {
        Map<String, Long> figures = new TreeMap<>();
        report.path("classes").properties().forEach(entry -> {
            long figure = entry.getValue().path(name).asLong();
            if (figure != 0) {
                figures.put(entry.getKey(), figure);
            }
        });
        return figures;
    }

    private static long count(NotifyingProxy proxy, Predicate<RecordedRequest> like) {
        return proxy.requests().stream().filter(like).count();
    }

    @Test
    void anEmptyBackupIsFilledByOneRunWhileEventsArrive() {
        // Given: the run waits for one blob until a push has come by events
        push(unnoticed, "large", "team/large:v1");
        push(unnoticed, "newer", "other/moved:latest");
        beforeRegistry.inject(
                request -> request.operation() == Operation.GET_OBJECT
                        && request.key().equals(blobKey(inParts)),
                Fault.hang());
        try (Product events = Product.start(withRole("replicate"), "-Xmx128m");
                DockerRegistry noticed = DockerRegistry.onBucket(beforeRegistry.endpoint(), registry.name());
                RunningCommand running = RunningCommand.start(settings(), "reconcile", "--json")) {
            beforeRegistry.notifyTo(events.notificationUri());
            Awaitility.await()
                    .atMost(BOUND)
                    .until(() -> count(beforeRegistry, request -> request.key().equals(blobKey(inParts))) > 0);

            // When
            push(noticed, "other", "team/later:v1");
            beforeRegistry.awaitDelivered(BOUND);
            beforeRegistry.heal();
            ProductCommand command = running.ended();

            // Then
            assertEquals(0, command.code(), () -> command + events.log());
            assertEquals(List.of(), check().differences());
            assertEquals(List.of(), BackupCheck.linksBeforeTargets(beforeBackup.requests(), backup));
            JsonNode report = reportOf(command);
            assertEquals("complete", report.path("outcome").asText());
            assertEquals(Map.of(), figures(report, "missedByEvents"), report::toPrettyString);
            assertEquals(Map.of(), figures(report, "remaining"), report::toPrettyString);
            assertTrue(report.path("bytesCopied").asLong() >= inParts.size(), report::toPrettyString);
        }
        assertTrue(etagOf(registry, inParts).contains("-"), "The layer was not uploaded in parts");
        try (DockerRegistry standby = fromBackup()) {
            assertEquals(large.digest(), pulled(standby, "team/large:v1"));
            assertEquals(index.digest(), pulled(standby, "team/app:v1"));
            assertEquals(base.digest(), pulled(standby, "team/base:v1"));
            assertEquals(newer.digest(), pulled(standby, "other/moved:latest"));
            assertEquals(older.digest(), pulled(standby, "other/moved@" + older.digest()));
            assertEquals(other.digest(), pulled(standby, "team/later:v1"));
        }
    }

    private static String etagOf(Bucket bucket, Blob blob) {
        return bucket.client()
                .headObject(request -> request.bucket(bucket.name()).key(blobKey(blob)))
                .eTag();
    }

    @Test
    void anIdleRunListsBothSidesAndAsksForNoObject() {
        // Given: more links than a listing has keys
        List<Blob> small =
                IntStream.range(0, 50).mapToObj(each -> images.layer(20)).toList();
        small.parallelStream().forEach(blob -> registry.put(blobKey(blob), blob.bytes()));
        IntStream.range(0, 20)
                .parallel()
                .forEach(repository -> small.forEach(blob -> registry.put(
                        "%srepositories/many/r%d/_layers/sha256/%s/link".formatted(REGISTRY, repository, blob.hex()),
                        blob.digest().getBytes(StandardCharsets.US_ASCII))));
        ProductCommand first = reconcile();
        beforeRegistry.reset();
        beforeBackup.reset();

        // When
        ProductCommand second = reconcile();

        // Then
        assertEquals(0, first.code(), first::toString);
        assertEquals(0, second.code(), second::toString);
        assertEquals(0, reportOf(second).path("differing").asLong());
        assertEquals(0, count(beforeRegistry, request -> request.operation().isWrite()));
        assertEquals(
                List.of(),
                beforeBackup.requests().stream()
                        .filter(request -> request.operation().isWrite())
                        .map(RecordedRequest::key)
                        .filter(key -> key.startsWith("docker/"))
                        .toList());
        // rclone lists blobs by one request and links by two, and then the way to both, the first step of it twice.
        assertTrue(listings(beforeRegistry, "rclone") <= 3 + 5, () -> described(beforeRegistry));
        assertTrue(listings(beforeBackup, "rclone") <= 3 + 5, () -> described(beforeBackup));
        assertTrue(listings(beforeRegistry, "aws") <= 4, () -> described(beforeRegistry));
        assertTrue(listings(beforeBackup, "aws") <= 4, () -> described(beforeBackup));
        assertEquals(0, looks(beforeRegistry), () -> described(beforeRegistry));
        assertEquals(0, looks(beforeBackup), () -> described(beforeBackup));
    }

    private static String described(NotifyingProxy proxy) {
        return proxy.requests().stream()
                .map(request -> "%s %s %s %s"
                        .formatted(
                                request.operation(),
                                request.key(),
                                request.query(),
                                request.request().header("user-agent").orElse("")))
                .collect(Collectors.joining("\n"));
    }

    private static long listings(NotifyingProxy proxy, String agent) {
        return count(
                proxy,
                request -> request.operation() == Operation.LIST_OBJECTS
                        && request.request().header("user-agent").orElse("").startsWith(agent)
                        && !request.query().contains("prefix=registry-backup"));
    }

    /** How often one object of an image was asked for. */
    private static long looks(NotifyingProxy proxy) {
        return count(
                proxy,
                request -> request.key().startsWith("docker/")
                        && !request.operation().isWrite());
    }

    @Test
    void missedEventsAreFoundCopiedAndCounted() {
        // Given: a first fill, and then events for one push of three
        reconcile();
        try (Product events = Product.start(withRole("replicate"), "-Xmx128m");
                DockerRegistry noticed = DockerRegistry.onBucket(beforeRegistry.endpoint(), registry.name())) {
            beforeRegistry.notifyTo(events.notificationUri());
            push(noticed, "other", "team/base:noticed");
            push(unnoticed, "base", "team/app:later");
            push(unnoticed, "newer", "other/moved:latest");
            beforeRegistry.awaitDelivered(BOUND);
        }
        String tag = REGISTRY + "repositories/other/moved/_manifests/tags/latest/current/link";
        int sizeBefore = backup.bytes(tag).length;
        Map<String, Long> differing = differing();

        // When
        ProductCommand command = reconcile();

        // Then
        assertEquals(0, command.code(), command::toString);
        assertEquals(List.of(), check().differences());
        JsonNode report = reportOf(command);
        assertEquals(CLASSES.keySet(), differing.keySet());
        assertEquals(differing, figures(report, "missedByEvents"), report::toPrettyString);
        assertEquals(differing, figures(report, "copied"), report::toPrettyString);
        assertEquals(71, sizeBefore);
        assertEquals(71, backup.bytes(tag).length);
        assertEquals(newer.digest(), new String(backup.bytes(tag), StandardCharsets.US_ASCII));
    }

    @Test
    void aMirrorThatRcloneMadeIsVerifiedRepairedAndAdopted() {
        // Given
        push(unnoticed, "large", "team/large:v1");
        RcloneSync.run(ceph.registryEndpoint(), registry, ceph.backupEndpoint(), backup);
        Blob corrupt = older.blobs().get(1);
        backup.put(blobKey(corrupt), flipped(backup.bytes(blobKey(corrupt))));
        List<String> flaws = check().flaws();
        long blobs = registry.sizes(REGISTRY + "blobs/").size();

        // When
        ProductCommand command = reconcile();

        // Then
        assertEquals(List.of("wrong bytes in " + blobKey(corrupt)), flaws);
        assertEquals(0, command.code(), command::toString);
        assertEquals(List.of(), check().differences());
        JsonNode adoption = reportOf(command).path("adoption");
        assertEquals(blobs - 1, adoption.path("verified").asLong(), adoption::toString);
        assertEquals(1, adoption.path("replaced").asLong(), adoption::toString);
        assertEquals(1, backup.sizes(ADOPTED).size());
        assertEquals(Map.of(), figures(reportOf(command), "copied"));
    }

    @Test
    void anEmptiedRegistryCostsNothingAndRaisesAnAlarmUntilItIsAcknowledged() {
        // Given
        reconcile();
        SortedMap<String, String> before = backup.contents(REGISTRY);
        registry.wipe();

        // When
        ProductCommand emptied = reconcile();
        JsonNode alarm = json(backup, backup.sizes(ALARMS).firstKey());
        ProductCommand acknowledging =
                reconcile("--acknowledge", alarm.path("id").asText());

        // Then
        assertEquals("registry-empty", alarm.path("cause").asText());
        assertEquals(
                List.of(alarm.path("id").asText()),
                reportOf(emptied).path("alarms").findValuesAsText("id"));
        assertEquals(
                before.size(), reportOf(emptied).path("newlyMissingInRegistry").asLong());
        assertEquals(0, reportOf(acknowledging).path("alarms").size(), acknowledging::toString);
        assertTrue(json(backup, backup.sizes(ALARMS).firstKey()).has("acknowledged"));
        assertEquals(before, backup.contents(REGISTRY));
        assertEquals(1, backup.sizes(ABSENCES).size());
    }

    @Test
    void aFirstFillKilledInEachPhaseHasNoFlawsBetweenAndIsWholeInTheEnd() {
        // Given
        List<Predicate<S3Request>> places = List.of(
                RealStackReconcileIT::isListingOfRclone,
                writing("/blobs/"),
                writing("/_manifests/revisions/"),
                writing("/current/link"),
                writing("/summary.json"));
        List<List<String>> flaws = new ArrayList<>();
        String id = "";
        for (Predicate<S3Request> place : places) {
            killedAt(place, id.isEmpty() ? new String[] {"reconcile"} : new String[] {"operation", "run", id});
            flaws.add(check().flaws());
            id = backup.sizes("registry-backup/operations/").firstKey().split("/", -1)[2];
        }

        // When
        ProductCommand again = ProductCommand.run(settings(), "operation", "run", id, "--json");

        // Then
        assertEquals(Set.of(List.of()), Set.copyOf(flaws));
        assertEquals(0, again.code(), again::toString);
        assertEquals(List.of(), check().differences());
        assertEquals(List.of(), BackupCheck.linksBeforeTargets(beforeBackup.requests(), backup));
        assertEquals("complete", reportOf(again).path("outcome").asText());
    }

    private static boolean isListingOfRclone(S3Request request) {
        return request.operation() == Operation.LIST_OBJECTS
                && request.header("user-agent").orElse("").startsWith("rclone");
    }

    private static Predicate<S3Request> writing(String part) {
        return request -> request.operation().isWrite() && request.key().contains(part);
    }

    private void killedAt(Predicate<S3Request> place, String... arguments) {
        beforeBackup.inject(place, Fault.hang());
        long before = count(beforeBackup, request -> place.test(request.request()));
        try (RunningCommand running = RunningCommand.start(settings(), arguments)) {
            Awaitility.await()
                    .atMost(BOUND)
                    .until(() -> count(beforeBackup, request -> place.test(request.request())) > before);
            running.kill();
        } finally {
            beforeBackup.heal();
        }
    }
}
