package dev.registrybackup.app;

import static org.hamcrest.Matchers.containsString;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.lab.BackupCheck;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.Fault;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.OperationsClient;
import dev.registrybackup.lab.OperationsClient.Answer;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RecordedRequest;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TwoBuckets;
import dev.registrybackup.replication.CanaryProbe;
import dev.registrybackup.replication.LastCanary;
import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The reconcile service and its command, with the real rclone, on the embedded store. */
@RequiresRealStack("rclone")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReconcileIT {
    private static final String PING = "dev.knative.sources.ping";
    private static final Set<String> ONLY_OF_OPENSHIFT = Set.of(
            "registry_backup_imagestream_items_restorable_share",
            "registry_backup_push_not_restorable_total",
            "registry_backup_push_to_restorable_seconds_bucket");
    private static final String SUMMARY = "registry-backup/reports/%s/summary.json";

    private final TestImages images = new TestImages(5);
    private TwoBuckets buckets;
    private NotifyingProxy front;
    private Bucket registry;
    private Bucket backup;
    private Product service;
    private OperationsClient client;

    @BeforeAll
    void start() {
        buckets = TwoBuckets.start(512);
        front = buckets.front();
        registry = buckets.registry();
        backup = buckets.backup();
        push("demo/app", "v1");
        service = Product.start(settings(), "-Xmx128m");
        client = new OperationsClient(service.uri());
    }

    @AfterAll
    void stop() {
        service.close();
        buckets.close();
    }

    private Map<String, String> settings() {
        Map<String, String> settings = buckets.settings();
        settings.put("SERVICE_ROLE", "operations");
        return settings;
    }

    private void push(String repository, String tag) {
        new RegistryPush(registry.client(), registry.name()).push(images.image(300, 5_000), repository, tag);
    }

    private static RequestSpecification ping(Product asked) {
        return Events.cloudEvent(asked.uri(), PING);
    }

    private Stream<JsonNode> listing() {
        return client.get("/operations").json().path("operations").valueStream();
    }

    private List<String> operations() {
        return listing().map(operation -> operation.path("id").asText()).toList();
    }

    private JsonNode listed(String id) {
        return listing()
                .filter(operation -> operation.path("id").asText().equals(id))
                .findFirst()
                .orElseThrow();
    }

    /** The one operation that was begun since; those of one second are listed in any order. */
    private String begunSince(List<String> before) {
        List<String> begun = new ArrayList<>(operations());
        begun.removeAll(before);
        assertEquals(1, begun.size(), begun::toString);
        return begun.get(0);
    }

    private JsonNode summary(String id) throws IOException {
        return new ObjectMapper().readTree(backup.bytes(SUMMARY.formatted(id)));
    }

    private List<String> differences() {
        return new BackupCheck(registry, backup).differences();
    }

    @Test
    void missingObjectsAreCopiedAndReported() throws IOException {
        // Given
        push("demo/first", "v1");

        // When
        Answer accepted = client.post("/reconcile", "");
        JsonNode operation = client.over(accepted.json().path("id").asText());

        // Then
        assertEquals(202, accepted.status(), accepted::body);
        assertEquals("succeeded", operation.path("state").asText(), operation::toPrettyString);
        assertEquals(List.of(), differences());
        JsonNode summary = summary(operation.path("id").asText());
        assertEquals(0, summary.path("remaining").asLong());
        assertTrue(summary.at("/classes/blob/copied").asLong() > 0, summary::toPrettyString);
        assertTrue(summary.at("/classes/tag-current-link/inRegistry").asLong() > 0);
        assertTrue(summary.at("/rclone/version").asText().contains("1."), summary::toPrettyString);
        assertTrue(summary.at("/rclone/commands/0").asText().contains(" ls registry:"), summary::toPrettyString);
        assertFalse(summary.toString().contains(front.endpoint().secretKey()), summary::toPrettyString);
        assertFalse(service.log().contains(front.endpoint().secretKey()));
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /reconcile, 405",
        "POST, /restore, 404",
        "POST, /notification, 404",
        "GET, /, 200",
        "PUT, /, 405",
        "GET, /operations, 200",
        "GET, /catalog?repository=demo/none, 404",
        "GET, /catalog?limit=many, 400",
        "POST, /operations, 405",
        "POST, /catalog, 405",
        "GET, /verify, 405",
    })
    void eachPathTakesItsOwnMethod(String method, String path, int status) {
        // When
        Response answer = RestAssured.given()
                .baseUri(service.uri().toString())
                .contentType(ContentType.JSON)
                .body("{}")
                .when()
                .request(method, path);

        // Then
        assertEquals(status, answer.statusCode(), answer::asString);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'scope':{'all':true}}    | 400 | \"scope\" is not a field of a reconcile request",
                "{'acknowledge':'odd-1'}   | 400 | There is no alarm \"odd-1\"",
            })
    void anInvalidRequestIsRefused(String body, int status, String reason) {
        // Given
        List<String> before = operations();

        // When
        Answer answer = client.post("/reconcile", body);

        // Then
        assertEquals(status, answer.status(), answer::body);
        assertTrue(answer.body().contains(reason), answer::body);
        assertEquals(before, operations());
    }

    @ParameterizedTest
    @CsvSource({
        "dev.knative.sources.ping, restore",
        "dev.knative.sources.ping, ",
        "dev.knative.sources.ping, RECONCILE",
        "com.example.other, reconcile",
    })
    void anEventThatNamesNoJobIsRefusedForGood(String type, String job) {
        // Given
        List<String> before = operations();
        RequestSpecification event = Events.cloudEvent(service.uri(), type).body("{}");
        RequestSpecification named = job == null ? event : event.header("ce-job", job);

        // When
        Response answer = named.when().post("/");

        // Then
        assertEquals(422, answer.statusCode(), answer::asString);
        assertEquals(before, operations());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'scope':'everything'}  | carries no parameters",
                "[]                      | carries no parameters",
                "{}{}                    | is not valid JSON"
            })
    void anEventThatHasParametersIsRefusedForGood(String data, String reason) {
        // When
        Response answer = ping(service)
                .header("ce-job", "reconcile")
                .body(data.replace('\'', '"'))
                .when()
                .post("/");

        // Then
        assertEquals(422, answer.statusCode(), answer::asString);
        assertTrue(answer.asString().contains(reason), answer::asString);
    }

    @ParameterizedTest
    @CsvSource({"reconcile", "verify", "drill"})
    void aPingStartsTheJobThatItNames(String job) {
        // Given
        List<String> before = operations();

        // When
        Response answer = ping(service).header("ce-job", job).body("{}").when().post("/");

        // Then
        assertEquals(204, answer.statusCode(), answer::asString);
        assertEquals("", answer.asString());
        JsonNode operation = client.over(begunSince(before));
        assertEquals("succeeded", operation.path("state").asText(), operation::toPrettyString);
        assertEquals(job, operation.path("kind").asText());
        assertEquals("schedule " + job, operation.path("requestedBy").asText(), operation::toPrettyString);
    }

    @Test
    void theThirdLostCanaryInARowStartsAReconciliation() throws IOException {
        // Given: two were lost, and the next cannot even be written
        backup.put(LastCanary.KEY, "{\"lost\":2}".getBytes(StandardCharsets.UTF_8));
        List<String> before = operations();
        front.inject(request -> request.key().startsWith(CanaryProbe.REGISTRY_PREFIX), Fault.internalError());

        // When
        Response answer = ping(service).header("ce-job", "canary").post("/");

        // Then
        try {
            assertEquals(204, answer.statusCode(), answer::asString);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> operations().size() > before.size());
        } finally {
            front.heal();
        }
        JsonNode operation = client.over(begunSince(before));
        assertEquals("reconcile", operation.path("kind").asText(), operation::toPrettyString);
        assertEquals("3 lost canaries", operation.path("requestedBy").asText(), operation::toPrettyString);
        assertEquals(
                3,
                new ObjectMapper()
                        .readTree(backup.bytes(LastCanary.KEY))
                        .path("lost")
                        .asInt());
    }

    @Test
    void theScheduledVerificationReadsTheShareThatIsConfiguredAnotherOneEachDay() {
        // Given
        List<String> before = operations();

        // When
        int status = ping(service)
                .noContentType()
                .header("ce-job", "verify")
                .post("/")
                .statusCode();

        // Then
        assertEquals(204, status);
        JsonNode parameters = client.over(begunSince(before)).path("parameters");
        assertEquals("backup", parameters.path("store").asText(), parameters::toPrettyString);
        assertEquals("content", parameters.path("depth").asText(), parameters::toPrettyString);
        assertEquals(0.01, parameters.at("/sample/fraction").asDouble(), parameters::toPrettyString);
        assertTrue(parameters.at("/sample/seed").asLong() > 20_000, parameters::toPrettyString);
    }

    @Test
    void verifyWritesAReportAndTheCatalog() {
        // Given
        push("demo/verified", "v1");
        client.done("/reconcile", "");

        // When
        JsonNode operation = client.done("/verify", "{'depth':'content'}");
        JsonNode page = client.get("/catalog").json();
        JsonNode live = client.get("/catalog?repository=demo/verified").json();

        // Then
        assertEquals("succeeded", operation.path("state").asText(), operation::toPrettyString);
        assertEquals("loopback", operation.path("requestedBy").asText());
        assertEquals(operation, listed(operation.path("id").asText()));
        assertTrue(
                page.path("repositories").findValuesAsText("repository").contains("demo/verified"),
                page::toPrettyString);
        assertEquals("v1", live.at("/tags/0/tag").asText(), live::toPrettyString);
        assertTrue(
                backup.sizes("registry-backup/reports/" + operation.path("id").asText()).keySet().stream()
                        .anyMatch(key -> key.endsWith("summary.json")));
    }

    @Test
    void aProxyOnTheSameMachineSpeaksForOthersAndIsNotServed() {
        // When
        Response forwarded = RestAssured.given()
                .baseUri(service.uri().toString())
                .header("X-Forwarded-For", "10.1.2.3")
                .get("/operations");
        Response browser = RestAssured.given()
                .baseUri(service.uri().toString())
                .header("Origin", "https://elsewhere.example")
                .contentType(ContentType.JSON)
                .post("/reconcile");

        // Then
        assertEquals(403, forwarded.statusCode(), forwarded::asString);
        assertEquals(403, browser.statusCode(), browser::asString);
    }

    @Test
    void whileOneRunsAnotherPingIsAnsweredAlikeAndStartsNothing(@TempDir Path directory) throws IOException {
        // Given
        Map<String, String> settings = settings();
        Path gate = directory.resolve("gate");
        settings.put(
                "RECONCILE_RCLONE",
                shim(
                        directory,
                        "while [ \"$1\" = ls ] && [ ! -e '" + gate + "' ]; do sleep 0.2; done; exec rclone \"$@\""));
        try (Product slow = Product.start(settings, "-Xmx128m")) {
            List<String> before = operations();
            RequestSpecification event =
                    ping(slow).header("ce-job", "reconcile").body("{}");

            // When
            int first = event.when().post("/").statusCode();
            int second = event.when().post("/").statusCode();
            Answer person = new OperationsClient(slow.uri()).post("/reconcile", "{}");
            List<String> after = operations();
            Files.createFile(gate);

            // Then
            assertEquals(204, first);
            assertEquals(204, second);
            assertEquals(409, person.status(), person::body);
            assertEquals(before.size() + 1, after.size());
            assertEquals(
                    "succeeded",
                    new OperationsClient(slow.uri())
                            .over(after.get(0))
                            .path("state")
                            .asText());
        }
    }

    @Test
    void theCommandLineReconcilesAndAcknowledges() {
        // Given
        String alarm = "{\"cause\":\"mass-deletion\",\"problem\":\"12 objects\",\"raisedAt\":\"2026-01-01T00:00:00Z\"}";
        backup.put("registry-backup/alarms/many-absent-1", alarm.getBytes(StandardCharsets.UTF_8));
        push("demo/command", "v1");

        // When
        ProductCommand plain = ProductCommand.run(settings(), "reconcile", "--json");
        ProductCommand acknowledging =
                ProductCommand.run(settings(), "reconcile", "--acknowledge", "many-absent-1", "--json");

        // Then
        assertEquals(1, plain.code(), plain::toString);
        JsonNode done = plain.json();
        assertEquals(1, done.at("/findings/counts/ALARM").asInt(), plain::toString);
        assertEquals("succeeded", done.path("state").asText(), plain::toString);
        assertEquals("many-absent-1", done.at("/summary/alarms/0/id").asText(), plain::toString);
        assertEquals(0, acknowledging.code(), acknowledging::toString);
        assertEquals(0, acknowledging.json().at("/summary/alarms").size());
        assertEquals(List.of(), differences());
    }

    @Test
    void exactlyTheKeysThatRcloneReportsAreChecked(@TempDir Path directory) throws IOException {
        // Given
        client.done("/reconcile", "");
        push("demo/hidden", "v1");
        String added = registry.sizes("docker/registry/v2/blobs/").firstKey();
        String relative = added.substring("docker/registry/v2/blobs/".length());
        Map<String, String> settings = settings();
        settings.put(
                "RECONCILE_RCLONE", shim(directory, """
            case "$*" in
            "ls registry:"* | "md5sum registry:"*)
                command=$1; place=${2#registry:%s}; shift 2
                rclone "$command" "backup:%s$place" "$@" | sed 's#^ *[0-9]* %s$#7 %s#' ;;
            *) exec rclone "$@" ;;
            esac
            """.formatted(registry.name(), backup.name(), relative, relative)));
        front.reset();

        // When
        ProductCommand command = ProductCommand.run(settings, "reconcile", "--json");

        // Then
        Set<String> looked = front.requests().stream()
                .filter(request -> request.bucket().equals(registry.name()))
                .filter(request ->
                        request.method().equals("HEAD") || request.method().equals("GET"))
                .map(RecordedRequest::key)
                .filter(key -> key.startsWith("docker/registry/v2/blobs/"))
                .collect(Collectors.toSet());
        assertEquals(Set.of(added), looked, command::toString);
        assertTrue(differences().stream().anyMatch(difference -> difference.startsWith("missing ")));
    }

    @Test
    void theFiguresAreGaugesOfBothServices() {
        // Given
        client.done("/reconcile", "");
        client.done("/verify", "");
        Map<String, String> settings = settings();
        settings.put("SERVICE_ROLE", "replicate");
        settings.put("EVENTS_WEBHOOK_SECRET", "Bearer of-the-store");
        try (Product replicate = Product.start(settings, "-Xmx128m")) {
            for (Product standing : List.of(service, replicate)) {
                // When
                String metrics = Awaitility.await()
                        .atMost(Duration.ofSeconds(100))
                        .pollInterval(Duration.ofSeconds(2))
                        .until(
                                standing::metrics,
                                said -> said.lines()
                                        .anyMatch(line -> line.matches(
                                                "registry_backup_reconcile_last_success_timestamp_seconds [1-9].*")));

                // Then
                assertTrue(metrics.contains("registry_backup_reconcile_missed_by_events{class=\"blob\"} "), metrics);
                assertTrue(
                        metrics.contains("registry_backup_reconcile_remaining{class=\"tag-current-link\"} 0.0"),
                        metrics);
                assertTrue(metrics.contains("registry_backup_reconcile_missing_in_registry{class=\"blob\"} "), metrics);
                assertTrue(metrics.contains("registry_backup_alarms "), metrics);
            }
            assertEquals(
                    404,
                    new OperationsClient(replicate.uri())
                            .post("/reconcile", "{}")
                            .status());
            assertEquals(
                    Map.of(),
                    new EveryEvent(replicate.uri(), Optional.empty()).unrefused(List.of("/", "/notification")));
            requireSecret(replicate);
            // It is read each minute too, but not together with the reconciliation.
            Awaitility.await()
                    .atMost(Duration.ofSeconds(100))
                    .until(
                            service::metrics,
                            containsString("registry_backup_verify_findings{severity=\"critical\"} 0.0"));
            String key = registry.sizes("docker/registry/v2/blobs/").firstKey();
            Events.cloudEvent(replicate.uri(), "com.amazonaws.ObjectCreated:Put")
                    .body(Events.notification(Product.REGISTRY_BUCKET, key))
                    .post("/")
                    .then()
                    .statusCode(204);
            assertEquals(
                    ONLY_OF_OPENSHIFT,
                    MetricNames.notIn(service.metrics() + replicate.metrics(), MonitoringFiles.asked()));
        }
    }

    /** A store that posts directly has to send what is configured; what comes through a Broker has not. */
    private void requireSecret(Product replicate) {
        long before = undecodable(replicate);
        assertEquals(
                401,
                new OperationsClient(replicate.uri()).post("/notification", "{").status());
        assertEquals(401, notify(replicate, "wrong"));
        assertEquals(before, undecodable(replicate));
        assertEquals(400, notify(replicate, "of-the-store"));
        assertEquals(413, large(replicate));
        assertEquals(400, ping(replicate).body("{").post("/").statusCode());
        assertFalse(replicate.log().contains("of-the-store"), replicate::log);
        assertTrue(replicate.log().contains("event=call-refused function=notification"), replicate::log);
    }

    private static int notify(Product replicate, String token) {
        return new OperationsClient(replicate.uri(), Optional.of(token))
                .post("/notification", "{")
                .status();
    }

    private static int large(Product replicate) {
        return RestAssured.given()
                .baseUri(replicate.uri().toString())
                .header("Authorization", "Bearer of-the-store")
                .body(new byte[11 << 20])
                .post("/notification")
                .statusCode();
    }

    private static long undecodable(Product replicate) {
        return replicate
                .metrics()
                .lines()
                .filter(line -> line.startsWith("registry_backup_undecodable_total"))
                .count();
    }

    private static String shim(Path directory, String script) throws IOException {
        Path shim = directory.resolve("rclone-shim");
        Files.writeString(shim, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(shim, PosixFilePermissions.fromString("rwxr-xr-x"));
        return shim.toString();
    }
}
