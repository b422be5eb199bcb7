package dev.registrybackup.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.restore.PreflightException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineToolTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter error = new StringWriter();
    private final List<String> asked = new ArrayList<>();
    private String answer = "{'kind':'restore','id':'x','state':'succeeded'}";

    private ExitCode run(String... arguments) {
        PrintWriter toOut = new PrintWriter(out);
        PrintWriter toError = new PrintWriter(error);
        return CommandLineTool.answerWithoutConfiguration(toOut, toError, arguments)
                .orElseGet(() -> new CommandLineTool(
                                new RecordingBackend(), "ada@laptop", toOut, toError, false, System::nanoTime)
                        .run(arguments));
    }

    private final class RecordingBackend implements Backend {
        private ObjectNode answer(String call) {
            asked.add(call);
            if (answer.equals("not ready")) {
                throw new PreflightException(List.of("image pruner: it is not suspended"));
            }
            if (answer.isEmpty()) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "the store is away");
            }
            return TestJson.object(answer);
        }

        @Override
        public ObjectNode plan(JsonNode request) {
            return answer("plan " + request);
        }

        @Override
        public ObjectNode preflight(JsonNode request) {
            return answer("preflight " + request);
        }

        @Override
        public ObjectNode run(
                OperationKind kind, JsonNode request, String by, Consumer<ProgressTracker.Progress> progress) {
            return answer(kind.label() + " " + request);
        }

        @Override
        public ObjectNode runOperation(String id, Consumer<ProgressTracker.Progress> progress) {
            return answer("attempt " + id);
        }

        @Override
        public ObjectNode operation(String id) {
            return answer("operation " + id);
        }

        @Override
        public ObjectNode operations() {
            return answer("operations");
        }

        @Override
        public ObjectNode canary() {
            return answer("canary");
        }

        @Override
        public ObjectNode cancel(String id, String by) {
            return answer("cancel " + id);
        }

        @Override
        public ObjectNode acknowledge(FindingCode code, String subject, Instant until, String by) {
            return answer("acknowledge " + code + " " + subject + " " + until + " by " + by);
        }

        @Override
        public ObjectNode acknowledged() {
            return answer("acknowledged");
        }

        @Override
        public ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit) {
            return answer("catalog " + repository.orElse("-"));
        }
    }

    @Test
    void aFindingIsAcknowledgedByItsCodeAndSubject() {
        // When
        ExitCode done = run(
                "findings",
                "acknowledge",
                "--code",
                "BLOB_DIGEST_MISMATCH",
                "--subject",
                "sha256:0a",
                "--until",
                "2027-01-31T00:00:00Z");
        ExitCode listed = run("findings", "acknowledged");
        ExitCode withoutTime = run("findings", "acknowledge", "--code", "BLOB_MISSING", "--subject", "sha256:0a");
        ExitCode withoutCode =
                run("findings", "acknowledge", "--code", "BROKEN", "--subject", "x", "--until", "2027-01-31T00:00:00Z");

        // Then
        assertEquals(
                List.of(
                        "acknowledge BLOB_DIGEST_MISMATCH sha256:0a 2027-01-31T00:00:00Z by ada@laptop",
                        "acknowledged"),
                asked);
        assertEquals(
                List.of(ExitCode.OK, ExitCode.OK, ExitCode.USAGE, ExitCode.USAGE),
                List.of(done, listed, withoutTime, withoutCode));
        assertTrue(error.toString().contains("Give --until"), error::toString);
        assertTrue(error.toString().contains("no findings of the code \"BROKEN\""), error::toString);
    }

    @Test
    void optionsBecomeTheRequestThatHttpTakes() {
        // When
        run("restore", "--image", "ns/app:v1", "--at", "2026-01-02T03:04:05Z", "--mode=repair", "--overwrite-tags");
        run("restore", "--all", "--directory", "/mnt/registry", "--dry-run");
        run("verify", "--store", "registry", "--depth", "content", "--sample", "0.1", "--seed", "7");

        // Then
        assertEquals(
                List.of(
                        "restore"
                                + " {\"scope\":{\"image\":\"ns/app:v1\"},\"at\":\"2026-01-02T03:04:05Z\",\"mode\":\"repair\","
                                + "\"overwriteTags\":true,\"referrers\":false,\"dryRun\":false}",
                        "plan {\"scope\":{\"all\":true},\"target\":\"directory\",\"overwriteTags\":false,"
                                + "\"referrers\":false,\"dryRun\":true}",
                        "verify {\"store\":\"registry\",\"scope\":{\"all\":true},\"depth\":\"content\","
                                + "\"sample\":{\"fraction\":0.1,\"seed\":7}}"),
                asked);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "succeeded  |                       | 0",
                "succeeded  | \"INDEX_SPARSE\":2     | 0",
                "succeeded  | \"TAG_DIFFERS\":1      | 1",
                "succeeded  | \"BLOB_MISSING\":1     | 1",
                "incomplete | \"BLOB_MISSING\":1     | 1",
                "incomplete | \"UNDETERMINED\":1   | 3",
                "failed     |                       | 3",
                "cancelled  |                       | 3",
                "lost       |                       | 3",
            })
    void theExitCodeSaysHowItEnded(String state, String counts, int code) {
        // Given
        answer = "{'state':'%s','findings':{'counts':{%s}}}".formatted(state, counts == null ? "" : counts);

        // When
        ExitCode exit = run("verify");

        // Then
        assertEquals(code, exit.code());
    }

    @ParameterizedTest
    @CsvSource({"succeeded, 0", "incomplete, 0", "cancelled, 0", "running, 0", "failed, 3"})
    void aJobBeginsAgainOnlyWhatFailed(String state, int code) {
        // Given
        answer = "{'state':'%s','findings':{'counts':{'BLOB_MISSING':1}}}".formatted(state);

        // When
        ExitCode exit = run("operation", "run", "x");

        // Then
        assertEquals(code, exit.code());
        assertEquals(List.of("attempt x"), asked);
    }

    @ParameterizedTest
    @CsvSource({
        "restore",
        "restore --all --repository ns/app",
        "restore --everything",
        "restore --all --directory /x --target dr",
        "verify --sample much",
        "operation run",
        "operation",
        "nonsense",
    })
    void anUnknownCommandIsReportedAndDoesNothing(String arguments) {
        // When
        ExitCode exit = run(arguments.split(" "));

        // Then
        assertEquals(ExitCode.USAGE, exit);
        assertEquals(List.of(), asked);
        assertTrue(error.toString().length() > 10);
    }

    @Test
    void theSummaryHasTheImageStreams() {
        // Given
        answer = "{'kind':'restore','id':'x','state':'succeeded','summary':{'cluster':{'streams':2,'itemsLeftOut':0}}}";

        // When
        run("restore", "--all", "--image-streams", "status");

        // Then
        assertTrue(out.toString().contains("ImageStreams restored: streams 2, itemsLeftOut 0"), out::toString);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "preflight | {'canary':false}",
                "preflight --canary --json | {'canary':true}",
                "preflight --image demo/app:v1 --image-streams status |"
                        + " {'scope':{'image':'demo/app:v1'},'imageStreams':'status',"
                        + "'overwriteTags':false,'referrers':false,'dryRun':false}",
            })
    void aPreflightIsOfEverythingUnlessARestoreIsNamed(String arguments, String request) {
        // Given
        answer = "{'ready':true,'checks':[]}";

        // When
        ExitCode exit = run(arguments.split(" "));

        // Then
        assertEquals(ExitCode.OK, exit);
        assertEquals(List.of("preflight " + TestJson.object(request)), asked);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"drill | {}", "drill --images 3 --json | {'images':3}"})
    void aDrillIsOfAsManyImagesAsAreAskedFor(String arguments, String request) {
        // Given
        answer =
                "{'kind':'drill','id':'x','state':'succeeded','summary':{'images':3,'failed':0,'bytesPerSecond':1000.5,"
                        + "'expectedRestoreSeconds':60.2,'backup':{'objects':10,'bytes':60000}}}";

        // When
        ExitCode exit = run(arguments.split(" "));

        // Then
        assertEquals(ExitCode.OK, exit);
        assertEquals(List.of("drill " + TestJson.object(request)), asked);
        assertTrue(arguments.contains("--json") || out.toString().contains("""
            3 images, 0 failed
            At 1000 bytes/s a restore of everything (60000 bytes) would take 60 s
            """), out::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "preflight, fail, false, FINDINGS",
        "preflight, unknown, false, UNKNOWN",
        "canary, fail, false, FINDINGS",
        "canary, pass, true, OK"
    })
    void theExitCodeOfChecksSaysHowTheyEnded(String command, String state, boolean ready, ExitCode expected) {
        // Given
        answer = "{'ready':%s,'checks':[{'check':'a','state':'warn'},{'check':'b','state':'%s'}],'lost':1}"
                .formatted(ready, state);

        // When
        ExitCode exit = run(command);

        // Then
        assertEquals(expected, exit);
        assertTrue(asked.get(0).startsWith(command), asked::toString);
    }

    @ParameterizedTest
    @CsvSource({"not ready, FINDINGS, image pruner: it is not suspended", "'', UNKNOWN, the store is away"})
    void aFailedPreflightIsAFindingAndAnUnavailableStoreIsNone(String given, ExitCode expected, String message) {
        // Given
        answer = given;

        // When
        ExitCode exit = run("restore", "--all", "--image-streams", "status");

        // Then
        assertEquals(expected, exit);
        assertTrue(error.toString().contains(message), error::toString);
    }

    @Test
    void aCanaryIsNoPartOfARestore() {
        // When
        ExitCode exit = run("preflight", "--all", "--canary");

        // Then
        assertEquals(ExitCode.USAGE, exit);
        assertEquals(List.of(), asked);
    }

    @Test
    void helpIsFine() {
        // When
        ExitCode exit = run("restore", "--help");

        // Then
        assertEquals(ExitCode.OK, exit);
        assertTrue(out.toString().contains("--overwrite-tags"), out::toString);
    }

    @Test
    void checksAreATableWithTheRemedyBelowEachThatDidNotPass() {
        // Given
        answer = "{'ready':false,'checks':[{'check':'backup/versioning','state':'pass','found':'enabled'},"
                + "{'check':'clock','state':'fail','found':'5 min behind','remedy':'set it'}]}";

        // When
        run("preflight");

        // Then
        assertEquals(
                List.of(
                        "STATE   CHECK               FOUND",
                        "PASS    backup/versioning   enabled",
                        "FAIL    clock               5 min behind",
                        "                            -> set it",
                        "Not ready."),
                out.toString().lines().toList());
    }

    @Test
    void operationsAreATable() {
        // Given
        answer =
                "{'operations':[{'id':'20260304T050607Z-1','kind':'verify','state':'running','requestedAt':'2026-03-04T05:06:07Z',"
                        + "'requestedBy':'system:a','objects':{'done':5,'total':10},'bytes':{'done':1572864}},"
                        + "{'id':'x','kind':'restore','state':'failed','objects':{'done':0,'total':0},'requestedBy':'b'}]}";

        // When
        run("operation", "list");

        // Then
        assertEquals(
                List.of(
                        "ID                   KIND      STATE     OBJECTS   SIZE      REQUESTED AT           BY",
                        "20260304T050607Z-1   verify    running   5 of 10   1.5 MiB   2026-03-04T05:06:07Z   system:a",
                        "x                    restore   failed    0         0.0 MiB                          b"),
                out.toString().lines().toList());
    }

    @Test
    void theCatalogIsATableAndSaysHowToGoOn() {
        // Given
        answer = "{'repositories':[{'repository':'a/b','images':4,'restorable':3,'tags':2,'size':2097152,"
                + "'at':'2026-03-04T05:00:00Z'},{'repository':'c','problem':'It cannot be read'}],'next':'c'}";

        // When
        run("catalog");

        // Then
        assertEquals(
                List.of(
                        "REPOSITORY   RESTORABLE   TAGS   SIZE      AS OF                  PROBLEM",
                        "a/b          3 of 4       2      2.0 MiB   2026-03-04T05:00:00Z",
                        "c            unknown                                              It cannot be read",
                        "More: registry-backup catalog --after c"),
                out.toString().lines().toList());
    }

    @Test
    void aRepositoryIsATableOfItsTagsAndUntaggedImages() {
        // Given
        answer = "{'tags':[{'tag':'v1','digest':'sha256:a'},{'tag':'v2'}],'images':[{'digest':'sha256:a','tags':['v1'],"
                + "'restorable':true,'size':1048576,'platforms':[{'os':'linux','architecture':'amd64'}]},"
                + "{'digest':'sha256:b','tags':[],'restorable':false,'missing':['sha256:c'],'size':0}]}";

        // When
        run("catalog", "--repository", "a/b");

        // Then
        assertEquals(
                List.of(
                        "TAG   RESTORABLE      SIZE      PLATFORMS     DIGEST",
                        "v1    yes             1.0 MiB   linux/amd64   sha256:a",
                        "v2    no such image   0.0 MiB",
                        "      no, missing 1   0.0 MiB                 sha256:b"),
                out.toString().lines().toList());
    }

    @ParameterizedTest
    @CsvSource({"catalog", "operation list", "preflight", "restore --all"})
    void answersAreJsonOnOneLineOnRequest(String command) {
        // Given
        answer = "{'ready':true}";

        // When
        run((command + " --json").split(" "));

        // Then
        assertEquals(TestJson.object(answer).toString(), out.toString().strip());
    }

    @Test
    void controlCharactersOfValuesDoNotReachTheTerminal() {
        // Given
        answer = "{'repositories':[{'repository':'a\\u001b[2Jb','problem':'c\\u0007d'}],'state':'succeeded',"
                + "'reason':'e\\u001bf','findings':{'first':[{'code':'X','subject':'g\\u001bh','problem':'i'}]}}";

        // When
        run("catalog");
        run("verify");

        // Then
        assertTrue(out.toString().contains("a?[2Jb"), out::toString);
        assertTrue(out.toString().contains("g?h: i"), out::toString);
        assertTrue(out.toString().chars().noneMatch(character -> character == 27 || character == 7), out::toString);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | re | restore reconcile",
                "2 | operation r | run",
                "2 | verify --dep | --depth",
                "3 | verify --depth '' | existence content"
            })
    void theCompletionCompletesCommandsAndOptionsInBash(int word, String typed, String expected) throws Exception {
        // Given
        ExitCode exit = run("completion");
        String script = out + "\nCOMP_WORDS=(registry-backup %s); COMP_CWORD=%d\n".formatted(typed, word)
                + "complete -p registry-backup >/dev/null && _complete_registry-backup && echo ${COMPREPLY[@]}\n";

        // When
        Process bash = new ProcessBuilder("bash", "--norc", "-s")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (OutputStream input = bash.getOutputStream()) {
            input.write(script.getBytes(StandardCharsets.UTF_8));
        }
        String completed = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        // Then
        assertEquals(ExitCode.OK, exit);
        assertEquals(Set.of(expected.split(" ")), Set.of(completed.strip().split("\\s+")));
    }
}
