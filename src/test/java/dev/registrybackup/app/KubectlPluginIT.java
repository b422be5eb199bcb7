package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RegistryPush;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * knative/kubectl-registry_backup, with jq and curl, asks both Services as they are shipped. kubectl is a script that knows
 * where they listen, and the cluster takes its tokens for our audience only.
 */
@RequiresRealStack
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KubectlPluginIT {
    private static final long BOUND_SECONDS = 120;
    private static final String AUDIENCE = "registry-backup";
    private static final String KUBECTL = """
        #!/bin/sh
        case " $* " in
            *" create token registry-backup-viewer "*) echo '%s' ;;
            *" create token registry-backup-operator "*) echo '%s' ;;
            *" create token person "*) echo '%s' ;;
            *" get pods "*"name=operations "*) echo pod/operations-1 ;;
            *" get pods "*"name=restore "*) echo pod/restore-1 ;;
            *" port-forward pod/operations-1 "*) echo "Forwarding from 127.0.0.1:%d -> 8080"; exec sleep 600 ;;
            *" port-forward pod/restore-1 "*) echo "Forwarding from 127.0.0.1:%d -> 8080"; exec sleep 600 ;;
            *) exit 1 ;;
        esac
        """;

    private final Path folder;

    private S3ProxyServer store;
    private Bucket registry;
    private Bucket backup;
    private OpenShiftApi api;
    private Product operations;
    private Product restore;

    KubectlPluginIT(@TempDir Path folder) {
        this.folder = folder;
    }

    private record Answer(int code, String output, String errors) {}

    @BeforeAll
    void start() throws IOException {
        store = S3ProxyServer.inMemory(256);
        registry = Bucket.create(store.endpoint(), Product.REGISTRY_BUCKET);
        backup = Bucket.create(store.endpoint(), Product.BACKUP_BUCKET).versioned();
        api = OpenShiftApi.startWithoutImages(Clock.systemUTC());
        OpenShiftApi.Account viewer =
                account("registry-backup-viewer", "operation", "operations", "catalog", "preflight");
        OpenShiftApi.Account operator = account(
                "registry-backup-operator",
                "operation",
                "operations",
                "restore",
                "verify",
                "reconcile",
                "drill",
                "cancel");
        operations = product("operations");
        restore = product("restore");
        Path kubectl = Files.writeString(
                folder.resolve("kubectl"),
                KUBECTL.formatted(
                        viewer.token(AUDIENCE),
                        operator.token(AUDIENCE),
                        operator.token(),
                        operations.uri().getPort(),
                        restore.uri().getPort()));
        Files.setPosixFilePermissions(kubectl, PosixFilePermissions.fromString("rwxr-xr-x"));
        new RegistryPush(registry.client(), registry.name()).push(new TestImages(9).image(300), "demo/app", "v1");
    }

    private OpenShiftApi.Account account(String name, String... verbs) {
        OpenShiftApi.Account account = api.account(name);
        List.of(verbs).forEach(verb -> account.may(verb, "registrybackup.dev", "backups", "here"));
        return account;
    }

    private Product product(String role) {
        OpenShiftApi.Account service = api.account(role)
                .may("create", "authentication.k8s.io", "tokenreviews", "*")
                .may("create", "authorization.k8s.io", "subjectaccessreviews", "*");
        Map<String, String> settings = Product.settings(store.endpoint(), store.endpoint());
        settings.putAll(Map.of(
                "SERVICE_ROLE",
                role,
                "AUTH_MODE",
                "kubernetes",
                "AUTH_AUDIENCE",
                AUDIENCE,
                "K_SERVICE",
                role,
                "OPERATIONS_RUNNER",
                "process",
                "QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL",
                api.url(),
                "QUARKUS_KUBERNETES_CLIENT_TOKEN",
                service.token(),
                "QUARKUS_KUBERNETES_CLIENT_NAMESPACE",
                "here"));
        return Product.start(settings, "-Xmx128m");
    }

    @AfterAll
    void stop() {
        restore.close();
        operations.close();
        api.close();
        registry.close();
        backup.close();
        store.close();
    }

    private Answer ask(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "sh",
                Path.of("knative/kubectl-registry_backup").toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(folder, "output", "");
        Path errors = Files.createTempFile(folder, "errors", "");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
        builder.environment().put("PATH", folder + ":" + System.getenv("PATH"));
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(BOUND_SECONDS, TimeUnit.SECONDS), () -> "It does not end: " + command);
            return new Answer(process.exitValue(), Files.readString(output), Files.readString(errors));
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void aPersonReconcilesVerifiesLooksAndRestoresWithNoMoreThanTheRoles() throws Exception {
        // When
        Answer reconciled = ask("reconcile", "--watch");
        Answer verified = ask("verify", "--all", "--depth", "content", "--watch");
        Answer catalog = ask("catalog");
        Answer repository = ask("catalog", "--repository", "demo/app");
        Answer status = ask("status");
        registry.wipe();
        Answer plan = ask("restore", "--repository", "demo/app", "--dry-run");
        Answer restored = ask("--json", "restore", "--repository", "demo/app", "--watch");

        // Then
        assertEquals(0, reconciled.code(), reconciled::toString);
        assertEquals(0, verified.code(), verified::toString);
        assertTrue(
                catalog.output().matches("(?s)REPOSITORY +TAGS +IMAGES +RESTORABLE.*\\ndemo/app +1 +1 +1 .*"),
                catalog::toString);
        assertTrue(repository.output().matches("(?s)TAG .*\\nv1 +true +sha256:.*"), repository::toString);
        assertTrue(status.output().matches("(?s)ID .* verify +succeeded .* reconcile +succeeded .*"), status::toString);
        assertEquals(0, plan.code(), plan::toString);
        assertEquals(0, restored.code(), restored::toString);
        assertTrue(restored.output().contains("\"state\":\"succeeded\""), restored::toString);
        assertEquals(backup.contents("docker/"), registry.contents("docker/"));
    }

    @Test
    void anOperationIsShownFollowedAndCancelledByItsId() throws Exception {
        // Given
        assertEquals(0, ask("reconcile", "--watch").code());
        Answer started = ask("--json", "drill", "--images", "1");
        String id = new ObjectMapper().readTree(started.output()).path("id").asText();

        // When
        Answer watched = ask("watch", id);
        Answer shown = ask("status", id);
        Answer asJson = ask("--json", "status", id);
        Answer cancelled = ask("cancel", id);
        Answer unknown = ask("status", "20260101T000000Z-00000000");

        // Then
        assertEquals(0, started.code(), started::toString);
        assertEquals(0, watched.code(), watched::toString);
        assertTrue(watched.output().matches("(?s)ID .*\\n%s +drill +succeeded .*".formatted(id)), watched::toString);
        assertEquals(0, shown.code(), shown::toString);
        assertEquals(watched.output(), shown.output());
        JsonNode record = new ObjectMapper().readTree(asJson.output());
        assertEquals("succeeded", record.path("state").asText(), asJson::toString);
        assertEquals(1, record.path("summary").path("images").asInt(), asJson::toString);
        assertTrue(
                cancelled.output().contains("succeeded") || cancelled.errors().contains("succeeded"),
                cancelled::toString);
        assertEquals(1, unknown.code(), unknown::toString);
    }

    @Test
    void preflightPrintsItsChecksAndEndsAsTheyDo() throws Exception {
        // When
        Answer preflight = ask("preflight");

        // Then
        assertTrue(preflight.output().startsWith("STATE"), preflight::toString);
        assertTrue(preflight.output().contains("backup"), preflight::toString);
        boolean hasFailed = preflight.output().lines().anyMatch(line -> line.startsWith("fail "));
        boolean isUnknown = preflight.output().lines().anyMatch(line -> line.startsWith("unknown "));
        assertEquals(hasFailed ? 1 : isUnknown ? 3 : 0, preflight.code(), preflight::toString);
    }

    @Test
    void aTokenForAnotherAudienceAndARightThatIsNotGrantedAreRefusedInWords() throws Exception {
        // When
        Answer ofThePerson = ask("--account", "person", "status");
        Answer ofTheViewer = ask("--account", "registry-backup-viewer", "reconcile");

        // Then
        assertEquals(2, ofThePerson.code(), ofThePerson::toString);
        assertTrue(ofThePerson.errors().contains("--audience registry-backup"), ofThePerson::toString);
        assertEquals(2, ofTheViewer.code(), ofTheViewer::toString);
        assertTrue(
                ofTheViewer.errors().contains("the verb reconcile on backups.registrybackup.dev"),
                ofTheViewer::toString);
    }
}
