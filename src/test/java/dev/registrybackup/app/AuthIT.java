package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.OperationsClient;
import dev.registrybackup.lab.OperationsClient.Answer;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import io.restassured.RestAssured;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Authorization by a cluster's API of callers to the packaged program in the role operations, behind Knative's proxy. No
 * store is reachable: an allowed call fails only there.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuthIT {
    private static final S3Endpoint NOWHERE =
            new S3Endpoint(URI.create("http://127.0.0.1:9"), "us-east-1", "access", "secret");
    private static final String GROUP = "registrybackup.dev";
    private static final String UNREACHABLE = "Failed to reach the backup bucket";

    private OpenShiftApi api;
    private OpenShiftApi.Account operator;
    private OpenShiftApi.Account viewer;
    private Product product;

    @BeforeAll
    void start() {
        api = OpenShiftApi.startWithoutImages(Clock.systemUTC());
        OpenShiftApi.Account service = api.account("operations")
                .may("create", "authentication.k8s.io", "tokenreviews", "*")
                .may("create", "authorization.k8s.io", "subjectaccessreviews", "*");
        operator = api.account("alice \"the\nboss\"");
        viewer = api.account("bob");
        List.of("verify", "reconcile", "drill", "cancel", "operation", "operations", "catalog", "preflight")
                .forEach(verb -> operator.may(verb, GROUP, "backups", "here"));
        List.of("operation", "operations", "catalog", "preflight")
                .forEach(verb -> viewer.may(verb, GROUP, "backups", "here"));
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.putAll(Map.of(
                "SERVICE_ROLE", "operations",
                "AUTH_MODE", "kubernetes",
                "K_SERVICE", "operations",
                "OPERATIONS_RUNNER", "process",
                "QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL", api.url(),
                "QUARKUS_KUBERNETES_CLIENT_TOKEN", service.token(),
                "QUARKUS_KUBERNETES_CLIENT_NAMESPACE", "here"));
        product = Product.start(settings, "-Xmx128m");
        // The first call creates the client of the cluster, which may take longer than a caller waits.
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .until(() -> asking(operator.token()).get("/operations/x").statusCode() == 400);
    }

    @AfterAll
    void stop() {
        product.close();
        api.close();
    }

    private RequestSpecification asking(String token) {
        RequestSpecification request =
                RestAssured.given().baseUri(product.uri().toString()).contentType("application/json");
        return token == null || token.isEmpty() ? request : request.header("Authorization", "Bearer " + token);
    }

    private long asked(String review) {
        return api.requests().stream().filter(line -> line.endsWith(review)).count();
    }

    @ParameterizedTest
    @CsvSource({
        "POST, /verify",
        "POST, /reconcile",
        "POST, /operations/x/cancel",
        "POST, /preflight",
        "GET, /operations/x",
        "GET, /operations",
        "GET, /catalog"
    })
    void withoutATokenOrWithAWrongOneNothingIsServedToLoopbackEither(String method, String path) {
        // When
        Response without = asking("").request(method, path);
        Response wrong = asking("wrong").request(method, path);
        Response basic = asking("").auth().preemptive().basic("a", "b").request(method, path);

        // Then
        for (Response answer : List.of(without, wrong, basic)) {
            assertEquals(401, answer.statusCode(), answer::asString);
            assertEquals("Bearer", answer.header("WWW-Authenticate"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "POST, /verify, verify, 403",
        "POST, /reconcile, reconcile, 403",
        "POST, /operations/x/cancel, cancel, 403",
        "GET, /operations/x, operation, 400",
        "GET, /operations, operations, 503",
        "GET, /catalog, catalog, 503"
    })
    void aTokenOpensWhatItsRightIsFor(String method, String path, String verb, int status) {
        // When
        Response answer = asking(viewer.token()).request(method, path);

        // Then
        assertEquals(status, answer.statusCode(), answer::asString);
        assertEquals(
                status == 403,
                answer.asString()
                        .contains(
                                "it takes the verb %s on backups.registrybackup.dev in namespace here".formatted(verb)),
                answer::asString);
    }

    @Test
    void theRightTokenIsLetInAndTheLogSaysWhoCalledButNotTheToken() {
        // When
        Answer answer = new OperationsClient(product.uri(), Optional.of(operator.token())).post("/verify", "{}");

        // Then
        assertEquals(503, answer.status(), answer::body);
        assertTrue(answer.body().contains(UNREACHABLE), answer::body);
        assertTrue(
                product.log().contains("event=call function=verify caller=\"alice \\\"the\\nboss\\\"\" from=127.0.0.1"),
                product::log);
    }

    @Test
    void aRefusalIsLoggedAndCountedWithoutAnythingThatCouldEndItsLine() {
        // When
        int status = asking("wrong-and-secret")
                .header("X-Forwarded-For", "10.1.2.3 \"event=call\"")
                .post("/operations/x/cancel")
                .statusCode();

        // Then
        assertEquals(401, status);
        String log = product.log();
        assertTrue(
                log.contains(
                        "event=call-refused function=cancel caller=- from=127.0.0.1 forwarded-for=\"10.1.2.3 \\\"event=call\\\"\""
                                + " reason=\"the cluster does not know the token\""),
                log);
        assertFalse(log.contains("wrong-and-secret"), log);
        assertFalse(log.contains(operator.token()), log);
        assertTrue(
                product.metrics()
                        .lines()
                        .anyMatch(line -> line.startsWith("registry_backup_requests_denied_total{")
                                && line.contains("function=\"cancel\"")
                                && line.contains("reason=\"unauthenticated\"")),
                product::metrics);
    }

    @Test
    void anApiWithoutAnAnswerIsNotAYes() {
        // Given
        api.onRequest(request -> {
            if (request.body().contains("token-of-carol")) {
                throw new IllegalStateException("cut");
            }
        });
        api.account("carol").everything();

        // When
        Response answer = asking(api.account("carol").token()).get("/operations");
        api.onRequest(request -> {});

        // Then
        assertEquals(503, answer.statusCode());
        assertEquals("5", answer.header("Retry-After"));
        assertTrue(answer.asString().contains("the Kubernetes API did not answer"), answer::asString);
        assertFalse(product.log().contains("token-of-carol"), product::log);
    }

    @Test
    void bodiesOfForbiddenCallsAreNotReadAndLargeOnesAreRefused() {
        // Given
        byte[] large = new byte[11 << 20];

        // When
        int unknown = asking("wrong").body(new byte[1 << 20]).post("/verify").statusCode();
        int declared = asking(operator.token()).body(large).post("/verify").statusCode();
        int chunked = send(HttpRequest.newBuilder(product.uri().resolve("/verify"))
                .header("Authorization", "Bearer " + operator.token())
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(large))));

        // Then
        assertEquals(401, unknown);
        assertEquals(413, declared);
        assertEquals(413, chunked);
    }

    private static int send(HttpRequest.Builder request) {
        try {
            return HttpClient.newHttpClient()
                    .send(request.build(), BodyHandlers.discarding())
                    .statusCode();
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/restore", "/notification", "/nothing", "/verify/", "/operations/x/y"})
    void otherRolesPathsAreNoPathsAndNobodyIsAskedAboutThem(String path) {
        // Given
        long before = api.requests().size();

        // When
        int status = asking(operator.token()).body("{}").post(path).statusCode();

        // Then
        assertEquals(404, status);
        assertEquals(before, api.requests().size());
    }

    @Test
    void noEventStartsAnythingAnywhere() {
        // When
        Map<String, Integer> unrefused =
                new EveryEvent(product.uri(), Optional.of(operator.token())).unrefused(List.of());

        // Then
        assertEquals(Map.of(), unrefused);
        assertFalse(product.log().contains("event=call function=restore"), product::log);
    }

    @Test
    void aFloodOfWrongTokensNeitherKeepsOthersOutNorAsksTheClusterForEach() {
        // Given
        asking(operator.token()).get("/operations");
        long before = asked("tokenreviews");
        Instant begun = Instant.now();
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        Semaphore atOnce = new Semaphore(50);
        List<CompletableFuture<Integer>> wrong = new ArrayList<>();
        List<CompletableFuture<Integer>> good = new ArrayList<>();

        // When
        for (int each = 0; each < 4_000; each++) {
            boolean isGood = each % 100 == 0;
            HttpRequest request = HttpRequest.newBuilder(product.uri().resolve("/operations/x"))
                    .header("Authorization", "Bearer " + (isGood ? operator.token() : "wrong-" + each % 40))
                    .header("X-Padding", "x".repeat(12_000))
                    .build();
            atOnce.acquireUninterruptibly();
            (isGood ? good : wrong)
                    .add(client.sendAsync(request, BodyHandlers.discarding())
                            .thenApply(HttpResponse::statusCode)
                            .whenComplete((status, failure) -> atOnce.release()));
        }

        // Then: 400 is the function's own answer, to whoever names no operation
        assertEquals(Map.of(400, 40L), statuses(good));
        // 503 is answered while as many reviews as allowed are under way
        Map<Integer, Long> denied = statuses(wrong);
        assertEquals(3_960L, denied.getOrDefault(401, 0L) + denied.getOrDefault(503, 0L), denied::toString);
        assertTrue(denied.getOrDefault(401, 0L) > 3_500, denied::toString);
        long asked = asked("tokenreviews") - before;
        // A denied caller is reviewed again after 10 s.
        long times = Duration.between(begun, Instant.now()).toSeconds() / 10 + 2;
        assertTrue(asked <= 41 * times, () -> asked + " reviews");
        assertFalse(product.log().contains("OutOfMemory"), product::log);
    }

    private static Map<Integer, Long> statuses(List<CompletableFuture<Integer>> answers) {
        return answers.stream().collect(Collectors.groupingBy(CompletableFuture::join, Collectors.counting()));
    }

    @Test
    void behindKnativesProxyNobodyIsServedUntilCallersCanBeDistinguished() {
        // Given
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.putAll(Map.of("SERVICE_ROLE", "restore", "K_SERVICE", "restore", "AUTH_MODE", "token"));
        try (Product shut = Product.start(settings, "-Xmx128m")) {
            OperationsClient asking = new OperationsClient(shut.uri(), Optional.of("anything-at-all-here"));

            // When
            List<Integer> statuses = List.of(
                    asking.post("/restore", "{'scope':{'all':true}}").status(),
                    asking.post("/operations/x/cancel", "{}").status(),
                    asking.get("/operations/x").status());

            // Then
            assertEquals(List.of(403, 403, 403), statuses);
            assertTrue(shut.log().contains("reason=\"no authorization is configured, so nobody is allowed"), shut::log);
        }
    }
}
