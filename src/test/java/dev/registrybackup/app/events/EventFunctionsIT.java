package dev.registrybackup.app.events;

import static org.hamcrest.Matchers.containsString;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Blob;
import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.Fault;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TwoBuckets;
import io.restassured.RestAssured;
import io.restassured.specification.RequestSpecification;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Events by HTTP to the packaged program in the role replicate: their responses, and what they start. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EventFunctionsIT {
    private static final Duration BOUND = Duration.ofMinutes(2);

    private final TestImages images = new TestImages(19);
    private TwoBuckets buckets;
    private Product product;

    @BeforeAll
    void start() {
        buckets = TwoBuckets.start(256);
        Map<String, String> settings = buckets.settings();
        settings.putAll(Map.of("EVENTS_ANSWER_WITHIN", "4s", "TIMEOUTS_SMALL_REQUEST", "2s", "TIMEOUTS_IDLE", "3s"));
        product = Product.start(settings);
    }

    @AfterAll
    void stop() {
        product.close();
        buckets.close();
    }

    @BeforeEach
    void forget() {
        buckets.front().reset();
    }

    /** Waits for requests that a fault delayed, so that no test waits for those of another one. */
    @AfterEach
    void healAndLetFinish() {
        buckets.front().heal();
        Awaitility.await().atMost(BOUND).until(() -> gauge("registry_backup_keys_in_flight") == 0);
    }

    private double gauge(String name) {
        return product.metrics()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }

    private RequestSpecification given() {
        return RestAssured.given().baseUri(product.uri().toString());
    }

    private String pushBlob() {
        return pushBlob(images.layer(400));
    }

    private String pushBlob(Blob blob) {
        RegistryPush push = new RegistryPush(buckets.registry().client(), "registry");
        String key = push.blobKey(blob);
        buckets.registry().put(key, blob.bytes());
        return key;
    }

    private RequestSpecification cloudEvent(String type) {
        return Events.cloudEvent(product.uri(), type);
    }

    private boolean isInBackup(String key) {
        return buckets.backup().sizes(key).containsKey(key);
    }

    /** An acknowledged key may still be pending: in this product after two seconds, which a first event may take. */
    private void arrives(String key) {
        Awaitility.await().atMost(BOUND).until(() -> isInBackup(key));
    }

    @ParameterizedTest
    @ValueSource(strings = {"com.amazonaws.ObjectCreated:Put", "dead-letter", "*", "dev.knative.sources.ping"})
    void anEventOfAnyTypeReplicatesAndNothingElse(String type) {
        // Given
        String key = pushBlob();

        // When
        cloudEvent(type)
                .body(Events.notification("registry", key))
                .post("/")
                .then()
                .statusCode(204);

        // Then
        arrives(key);
    }

    @Test
    void aStructuredEventReplicates() {
        // Given
        String key = pushBlob();
        String other = pushBlob();
        String data = Events.notification("registry", key);
        String base64 = Base64.getEncoder()
                .encodeToString(Events.notification("registry", other).getBytes(StandardCharsets.UTF_8));
        String head = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",";

        // When
        RequestSpecification structured = given().contentType("application/cloudevents+json");
        structured.body(head + "\"data\":" + data + "}").post("/").then().statusCode(204);
        given().contentType("application/cloudevents+json")
                .body(head + "\"data_base64\":\"" + base64 + "\"}")
                .post("/")
                .then()
                .statusCode(204);

        // Then
        arrives(key);
        arrives(other);
    }

    @Test
    void aStorePostsPlainlyWithOrWithoutContentTypeAndCloudEventHeaders() throws Exception {
        // Given
        String plain = pushBlob();
        String untyped = pushBlob();
        String withHeaders = pushBlob();

        // When
        given().contentType("application/json")
                .body(Events.notification("registry", plain))
                .post("/notification")
                .then()
                .statusCode(204);
        HttpRequest noContentType = HttpRequest.newBuilder(product.notificationUri())
                .POST(HttpRequest.BodyPublishers.ofString(Events.notification("registry", untyped)))
                .build();
        int status = HttpClient.newHttpClient()
                .send(noContentType, HttpResponse.BodyHandlers.discarding())
                .statusCode();
        cloudEvent("com.amazonaws.ObjectCreated:Put")
                .body(Events.notification("registry", withHeaders))
                .post("/notification")
                .then()
                .statusCode(204);

        // Then
        assertEquals(204, status);
        arrives(plain);
        arrives(untyped);
        arrives(withHeaders);
    }

    /** Ceph's RGW posts through curl, which asks before it sends a body above 1 KiB and waits a second for the answer. */
    @ParameterizedTest
    @ValueSource(strings = {"/notification", "/"})
    void aSenderThatExpectsContinueGetsItOnce(String path) throws Exception {
        // Given: a socket of our own, to see what is said and how often
        String key = pushBlob();
        byte[] body = Events.notification("registry", key).getBytes(StandardCharsets.UTF_8);
        String head = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length
                + "\r\nContent-Type: application/json\r\nce-id: 1\r\nce-source: s\r\nce-type: t\r\nce-specversion: 1.0"
                + "\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
        try (Socket socket = new Socket("localhost", product.uri().getPort())) {
            socket.setSoTimeout((int) Duration.ofSeconds(20).toMillis());
            BufferedReader answer =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));

            // When
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            String toldToGoOn = answer.readLine();
            answer.readLine();
            socket.getOutputStream().write(body);

            // Then
            assertEquals("HTTP/1.1 100 Continue", toldToGoOn);
            assertEquals("HTTP/1.1 204 No Content", answer.readLine());
        }
        arrives(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "not json", "{\"half\":"})
    void aBodyThatIsNoJsonIsRefusedAsSuch(String body) {
        cloudEvent("t").body(body).post("/").then().statusCode(400);
        given().body(body).post("/notification").then().statusCode(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"42", "{\"Records\":[{\"s3\":null}]}"})
    void anUnknownPayloadIsRefusedByTheFunctionAndRecordedFromAStore(String body) {
        // When
        cloudEvent("t").body(body).post("/").then().statusCode(422);
        given().body(body).post("/notification").then().statusCode(204);

        // Then
        assertFalse(buckets.backup().sizes("registry-backup/rejected/").isEmpty());
    }

    @Test
    void anEventWithoutWhatACloudEventNeedsIsRefusedForGood() {
        given().contentType("application/cloudevents+json")
                .body("{\"data\":{}}")
                .post("/")
                .then()
                .statusCode(400);
        given().contentType("application/cloudevents+json")
                .body("no json")
                .post("/")
                .then()
                .statusCode(400);
        given().contentType("application/cloudevents-batch+json")
                .body("[]")
                .post("/")
                .then()
                .statusCode(406);
        given().contentType("application/json").body("{}").post("/").then().statusCode(415);
    }

    @Test
    void anotherBucketIsNeverTouched() {
        // When
        cloudEvent("t")
                .body(Events.notification("somebody-elses", "docker/registry/v2/blobs/x"))
                .post("/")
                .then()
                .statusCode(422)
                .body(containsString("somebody-elses"));

        // Then
        assertEquals(
                List.of(),
                buckets.front().requests().stream()
                        .filter(request -> request.bucket().equals("somebody-elses"))
                        .toList());
    }

    @Test
    void aRejectedEventFromAStoreIsRecordedOnceAndDoesNotStopTheQueue() {
        // Given
        Blob blob = images.layer(500);
        String key = pushBlob(blob);
        buckets.registry().put(key, "other bytes".getBytes(StandardCharsets.UTF_8));
        int before = buckets.backup().sizes("registry-backup/rejected/").size();

        // When
        for (int times = 0; times < 3; times++) {
            given().body(Events.notification("registry", key))
                    .post("/notification")
                    .then()
                    .statusCode(204);
        }
        cloudEvent("t")
                .body(Events.notification("registry", key))
                .post("/")
                .then()
                .statusCode(422);

        // Then
        assertEquals(
                before + 1, buckets.backup().sizes("registry-backup/rejected/").size());
        assertFalse(isInBackup(key));
    }

    @Test
    void onlyWhatIsServedIsServed() {
        given().get("/").then().statusCode(405);
        given().get("/notification").then().statusCode(405);
        given().get("/replicate").then().statusCode(404);
        given().contentType("application/json")
                .body("{}")
                .post("/replicate")
                .then()
                .statusCode(404);
        given().contentType("application/json")
                .body("{}")
                .post("/dead-letter")
                .then()
                .statusCode(404);
        cloudEvent("dead-letter").body("{}").post("/dead-letter").then().statusCode(422);
        cloudEvent("t").body("{}").put("/").then().statusCode(405);
    }

    @Test
    void aBodyBeyondTheBoundIsRefused() {
        cloudEvent("t").body(new byte[11 << 20]).post("/").then().statusCode(413);
        given().body(new byte[11 << 20]).post("/notification").then().statusCode(413);
    }

    @Test
    void aSlowCopyBecomesPendingInTimeAndStillCompletes() {
        // Given
        String key = pushBlob();
        buckets.front()
                .inject(request -> request.key().equals(key) && request.method().equals("GET"), Fault.hang());

        // When
        cloudEvent("t")
                .body(Events.notification("registry", key))
                .post("/")
                .then()
                .statusCode(204);

        // Then
        assertTrue(buckets.backup().sizes("registry-backup/pending/").keySet().stream()
                .anyMatch(record -> !record.endsWith("/heartbeat")));
        buckets.front().heal();
        arrives(key);
        Awaitility.await()
                .atMost(BOUND)
                .until(() -> buckets.backup().sizes("registry-backup/pending/").keySet().stream()
                        .allMatch(record -> record.endsWith("/heartbeat")));
        // A heartbeat that is being replaced has two versions, and S3Proxy fails a listing of versions during a
        // deletion.
        Awaitility.await()
                .atMost(BOUND)
                .ignoreExceptionsInstanceOf(S3Exception.class)
                .until(() -> buckets.backup().versionCount("registry-backup/pending/") == 1);
    }

    @Test
    void aThousandEventsAgainstABackupThatHangsAreAllAnsweredInTimeAndHonestly() {
        // Given
        List<String> keys = new ArrayList<>();
        for (int number = 0; number < 1_024; number++) {
            keys.add(new RegistryPush(buckets.registry().client(), "registry").blobKey(images.layer(20)));
        }
        buckets.front().inject(request -> request.bucket().equals("registry-backup"), Fault.hang());
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

        // When
        List<CompletableFuture<HttpResponse<Void>>> answers = keys.stream()
                .map(key -> client.sendAsync(
                        HttpRequest.newBuilder(product.notificationUri())
                                .timeout(Duration.ofMinutes(2))
                                .POST(HttpRequest.BodyPublishers.ofString(Events.notification("registry", key)))
                                .build(),
                        HttpResponse.BodyHandlers.discarding()))
                .toList();
        List<Integer> statuses =
                answers.stream().map(answer -> answer.join().statusCode()).toList();

        // Then: as the server saw it, from each request's arrival to its answer; senders give up after 10 s
        assertTrue(statuses.stream().allMatch(status -> status == 503), statuses::toString);
        double longest = product.metrics()
                .lines()
                .filter(line -> line.startsWith("http_server_requests_seconds_max") && line.contains("\"503\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .max()
                .orElseThrow();
        assertTrue(longest < 10, () -> "answered after " + longest + " s");
    }

    @Test
    void readinessNeverDependsOnAStoreAndTheStoresHaveTheirOwnGroup() {
        // Given
        buckets.front().inject(request -> true, Fault.internalError());

        // When, Then
        given().get("/q/health/ready").then().statusCode(200);
        given().get("/q/health/live").then().statusCode(200);
        given().get("/q/health/group/stores").then().body(containsString("backup-versioning"));
    }

    @Test
    void replicationIsMeasured() {
        // Given
        String key = pushBlob();
        cloudEvent("t")
                .body(Events.notification("registry", key))
                .post("/")
                .then()
                .statusCode(204);

        // When, Then
        for (String name : List.of(
                "registry_backup_replication_latency_seconds_bucket{class=\"blob\"",
                "registry_backup_objects_total{class=\"blob\",result=\"copied\"",
                "registry_backup_copied_bytes_total{class=\"blob\"",
                "registry_backup_keys_in_flight",
                "registry_backup_pending_keys",
                "registry_backup_store_reachable{store=\"backup\"",
                "registry_backup_versioning_enabled",
                "registry_backup_build_info{version=\"0.")) {
            Awaitility.await(name).atMost(BOUND).until(product::metrics, containsString(name));
        }
    }
}
