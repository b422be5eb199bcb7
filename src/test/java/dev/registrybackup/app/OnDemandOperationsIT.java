package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.OperationsClient;
import dev.registrybackup.lab.OperationsClient.Answer;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.ProductCommand;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RunningCommand;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.TwoBuckets;
import io.restassured.RestAssured;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hamcrest.Matchers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The restore service and the command line, on the embedded store. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OnDemandOperationsIT {
    private static final String TOKEN = "correct-horse-battery-staple";

    private TwoBuckets buckets;
    private Bucket registry;
    private Bucket backup;
    private Bucket elsewhere;
    private Product service;
    private OperationsClient client;
    private TestImage image;
    private Map<String, Long> kept = Map.of();

    @BeforeAll
    void start() {
        buckets = TwoBuckets.start(512);
        registry = buckets.registry();
        backup = buckets.backup();
        elsewhere = Bucket.create(buckets.store().endpoint(), "elsewhere");
        image = new TestImages(3).index(2, 300, 5_000);
        new RegistryPush(backup.client(), backup.name()).push(image, "demo/app", "v1");
        backup.sizes("").keySet().stream()
                .filter(key -> key.contains("_uploads"))
                .forEach(backup::remove);
        kept = backup.sizes("docker/");
        service = Product.start(settings(), "-Xmx128m");
        client = new OperationsClient(service.uri(), Optional.of(TOKEN));
    }

    private Map<String, String> settings() {
        S3Endpoint endpoint = buckets.store().endpoint();
        Map<String, String> settings = buckets.settings();
        settings.put("SERVICE_ROLE", "restore");
        settings.put("AUTH_TOKEN", TOKEN);
        settings.put("RESTORE_TARGETS_DR_ENDPOINT", endpoint.uri().toString());
        settings.put("RESTORE_TARGETS_DR_BUCKET", "elsewhere");
        settings.put("RESTORE_TARGETS_DR_ACCESS_KEY", endpoint.accessKey());
        settings.put("RESTORE_TARGETS_DR_SECRET_KEY", endpoint.secretKey());
        return settings;
    }

    @AfterAll
    void stop() {
        service.close();
        elsewhere.close();
        buckets.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}                                       | 400 | A restore needs a",
                "{'scope':                                | 400 | The body is not valid JSON",
                "[]                                       | 400 | The body must be a JSON object",
                "{'scope':{'all':true},'target':'nowhere'} | 400 | Configured targets: [dr, registry]",
                "{'scope':{'all':true},'endpoint':'http://elsewhere'} | 400 | \"endpoint\" is not a field of a restore request",
                "{'scope':{'all':true},'directory':'/tmp'} | 400 | \"directory\" is not a field of a restore request",
                "{'scope':{'image':'demo/app:none'}}      | 404 | The backup has nothing of"
            })
    void anInvalidRestoreIsRefusedAndNothingIsWritten(String body, int status, String reason) {
        // Given
        Map<String, Long> before = backup.sizes("registry-backup/operations/");

        // When
        Answer answer = client.post("/restore", body);

        // Then
        assertEquals(status, answer.status(), answer::body);
        assertTrue(answer.body().contains(reason), answer::body);
        assertEquals(before, backup.sizes("registry-backup/operations/"));
    }

    @Test
    void anEmptyBodyWithoutTypeIsAnEmptyRequestAndATextIsNotTaken() {
        asking().noContentType()
                .post("/restore")
                .then()
                .statusCode(400)
                .body(Matchers.containsString("A restore needs a"));
        asking().contentType(ContentType.TEXT)
                .body("everything")
                .post("/restore")
                .then()
                .statusCode(415);
    }

    private RequestSpecification asking() {
        return RestAssured.given().baseUri(service.uri().toString()).header("Authorization", "Bearer " + TOKEN);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /restore, 405",
        "GET, /operations/x/cancel, 405",
        "POST, /operations/x, 405",
        "POST, /verify, 404",
        "POST, /reconcile, 404",
        "GET, /operations, 404",
        "GET, /catalog, 404",
        "POST, /notification, 404",
        "POST, /, 404",
        "GET, /operations/x, 400",
        "GET, /operations/20240101T000000Z-00000000, 404",
        "POST, /operations/x/cancel, 400",
        "POST, /operations/20240101T000000Z-00000000/cancel, 404",
        "GET, /operations/x/y, 404",
    })
    void eachPathTakesItsOwnMethod(String method, String path, int status) {
        asking().contentType(ContentType.JSON).request(method, path).then().statusCode(status);
    }

    @Test
    void noEventStartsAnythingAnywhere() {
        // Given
        Map<String, Long> before = backup.sizes("registry-backup/operations/");

        // When
        Map<String, Integer> unrefused = new EveryEvent(service.uri(), Optional.of(TOKEN)).unrefused(List.of());

        // Then
        assertEquals(Map.of(), unrefused);
        assertEquals(before, backup.sizes("registry-backup/operations/"));
    }

    @Test
    void withoutTheTokenNothingIsDoneOrShown() {
        // Given
        Map<String, Long> before = backup.sizes("registry-backup/operations/");
        OperationsClient nobody = new OperationsClient(service.uri());
        OperationsClient wrong = new OperationsClient(service.uri(), Optional.of(TOKEN + "1"));

        // When
        Answer without = nobody.post("/restore", "{'scope':{'all':true},'target':'dr'}");
        Answer guessed = wrong.post("/restore", "{'scope':{'all':true},'target':'dr'}");

        // Then
        assertEquals(401, without.status(), without::body);
        assertEquals(401, guessed.status(), guessed::body);
        assertEquals(401, nobody.get("/operations/x").status());
        assertEquals(before, backup.sizes("registry-backup/operations/"));
        assertFalse(service.log().contains(TOKEN), service::log);
    }

    @Test
    void aDryRunReportsItsPlanAndWritesNothing() {
        // When
        Answer answer = client.post("/restore", "{'scope':{'repository':'demo/app'},'dryRun':true}");

        // Then
        assertEquals(200, answer.status());
        assertEquals(3, answer.json().path("images").asInt());
        assertEquals(kept.size(), answer.json().at("/toCopy/objects").asInt());
        assertEquals(
                kept.values().stream().mapToLong(Long::longValue).sum(),
                answer.json().at("/toCopy/bytes").asLong());
        assertEquals(Map.of(), registry.sizes(""));
    }

    @Test
    void aNamedTargetIsRestoredAndTheOperationReportsIt() {
        // When
        Answer accepted = client.post("/restore", "{'scope':{'all':true},'target':'dr'}");
        JsonNode operation = client.over(accepted.json().path("id").asText());

        // Then
        assertEquals(202, accepted.status());
        assertEquals("pending", accepted.json().path("state").asText());
        assertEquals("restore", accepted.json().path("kind").asText());
        assertEquals("succeeded", operation.path("state").asText(), operation::toPrettyString);
        assertEquals(kept.size(), operation.at("/objects/done").asInt());
        assertEquals("auth.token", operation.path("requestedBy").asText());
        assertEquals(kept, elsewhere.sizes(""));
    }

    @Test
    void aPreflightOfWhatNoClusterIsNeededForSaysWhatIsMissingInTheRequest() {
        // When
        Answer plain = client.post("/preflight", "{'scope':{'all':true}}");
        Answer metadata = client.post("/preflight", "{'scope':{'all':true},'imageStreams':'status'}");

        // Then
        assertEquals(400, plain.status());
        assertTrue(plain.body().contains("The strategy for ImageStreams is missing"), plain::body);
        assertEquals(400, metadata.status());
        assertTrue(metadata.body().contains("registry.kind is not openshift"), metadata::body);
    }

    @Test
    void theCommandLineRestoresIntoADirectoryVerifiesItAndFindsTheDamage(@TempDir Path directory) throws IOException {
        // When
        ProductCommand restored = ProductCommand.run(
                settings(), "restore", "--repository", "demo/app", "--directory", directory.toString(), "--json");
        ProductCommand fine =
                ProductCommand.run(settings(), "verify", "--directory", directory.toString(), "--depth", "content");
        String hex = image.children().get(0).blobs().get(1).digest().substring("sha256:".length());
        Path blob = directory.resolve("docker/registry/v2/blobs/sha256/" + hex.substring(0, 2) + "/" + hex + "/data");
        Files.write(blob, new byte[] {1, 2, 3});
        ProductCommand damaged =
                ProductCommand.run(settings(), "verify", "--directory", directory.toString(), "--depth", "content");
        ProductCommand repaired = ProductCommand.run(
                settings(), "restore", "--all", "--mode", "repair", "--directory", directory.toString());

        // Then
        assertEquals(0, restored.code(), restored::toString);
        assertEquals(kept.size(), restored.json().at("/objects/done").asInt());
        assertEquals(0, fine.code(), fine::toString);
        assertEquals(1, damaged.code(), damaged::toString);
        assertTrue(damaged.output().contains("BLOB_"), damaged::toString);
        assertEquals(0, repaired.code(), repaired::toString);
    }

    @Test
    void aRegistryOnAVolumeIsBackedUpFromItsDirectory(@TempDir Path directory) {
        // Given
        ProductCommand.run(settings(), "restore", "--all", "--directory", directory.toString());
        Map<String, String> settings = settings();
        settings.keySet().removeIf(name -> name.startsWith("REGISTRY_"));
        settings.put("REGISTRY_DIRECTORY", directory.toString());
        settings.put("BACKUP_BUCKET", "second-backup");
        try (Bucket second = Bucket.create(buckets.store().endpoint(), "second-backup")) {
            // When
            ProductCommand command = ProductCommand.run(settings, "reconcile", "--json");

            // Then
            assertEquals(0, command.code(), command::toString);
            assertEquals(kept, second.sizes("docker/"));
            assertEquals(backup.contents("docker/"), second.contents("docker/"));
        }
    }

    @Test
    void aBarIsShownOnlyOnATerminalAndTheCompletionNeedsNoConfiguration() {
        // When
        ProductCommand verified = ProductCommand.run(settings(), "verify", "--all");
        ProductCommand onTerminal;
        try (RunningCommand running = RunningCommand.startOnTerminal(settings(), "verify", "--all")) {
            onTerminal = running.ended();
        }
        ProductCommand completion = ProductCommand.run(Map.of(), "completion");

        // Then
        assertFalse((verified.output() + verified.errors()).contains("\033"), verified::toString);
        assertTrue(onTerminal.output().contains("\r\033[K"), onTerminal::toString);
        assertEquals(0, completion.code(), completion::toString);
        assertTrue(completion.output().contains("_complete_registry-backup"), completion::toString);
    }
}
