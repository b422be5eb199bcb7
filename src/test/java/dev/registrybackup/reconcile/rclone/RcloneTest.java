package dev.registrybackup.reconcile.rclone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.objectstore.s3.ProcessCredentials;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.TestS3Settings;
import dev.registrybackup.reconcile.rclone.Difference.Kind;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is made of rclone's answers; a script gives them. */
class RcloneTest {
    private static final String PREFIX = "docker/registry/v2/blobs/";
    private static final Shard SHARD = new Shard(PREFIX, CompareBy.SIZE, List.of(), true);
    private static final Shard LINK_SHARD =
            new Shard("docker/registry/v2/repositories/", CompareBy.CONTENT, List.of("_uploads/**", "it's/*"), false);

    private static final String MISSING = error("file not in S3 bucket backup path docker", "b");
    private static final String SIZES = error("Sizes differ", "c");
    private static final String ONE_DIFFERS = "2026/11/22 17:07:24 Failed to check: 1 differences found\n";
    private static final String TWO_DIFFER =
            "2026/11/22 17:07:24 Failed to check with 2 errors: last error was: 2 differences found\n";

    private final Path folder;
    private final FakeRclone fakeRclone;
    private final Rclone rclone;
    private final List<Difference> differences = new ArrayList<>();

    RcloneTest(@TempDir Path folder) {
        this.folder = folder;
        this.fakeRclone = new FakeRclone(folder);
        this.rclone = start(S3Settings.WriteOptions.DEFAULT);
    }

    @Test
    void everyLineIsADifferenceOfAFullKeyAndAStoreThatShowedOneIsNotListedAgain() {
        // Given
        fakeRclone.respond(
                "check", 1, "= a\n+ b\n- c c/é\n* d\n", error("file not in x", "b") + summaryLine(3) + matchingLine(1));

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertEquals(
                List.of(
                        new Difference(Kind.SAME, PREFIX + "a"),
                        new Difference(Kind.ONLY_IN_REGISTRY, PREFIX + "b"),
                        new Difference(Kind.ONLY_IN_BACKUP, PREFIX + "c c/é"),
                        new Difference(Kind.DIFFERENT, PREFIX + "d")),
                differences);
        assertEquals("", comparison.problem());
        assertTrue(comparison.isReliable());
        assertEquals(4, comparison.keys());
        assertFalse(fakeRclone.wasRun("lsf"));
    }

    static Stream<Arguments> reliableReports() {
        return Stream.of(
                Arguments.of("nothing on either side", 0, "", notice("0 differences found")),
                Arguments.of("all the same", 0, "= a\n= b\n", notice("0 differences found") + matchingLine(2)),
                Arguments.of("one missing, in 1.60's words", 1, "= a\n+ b\n", MISSING + ONE_DIFFERS),
                Arguments.of("two differ, in 1.60's words", 1, "+ b\n* c\n", MISSING + SIZES + TWO_DIFFER),
                Arguments.of("one missing, the last word in JSON", 1, "= a\n+ b\n", MISSING + summaryLine(1)),
                Arguments.of("hashes differ", 1, "* a\n", error("md5 differ", "a") + summaryLine(1)),
                Arguments.of("contents differ", 1, "* a\n", error("contents differ", "a") + summaryLine(1)),
                Arguments.of("notices of other things", 0, "= a\n", notice("Config file not found") + "\n"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void reliableReports(String what, int exit, String output, String log) {
        // Given
        fakeRclone.respond("check", exit, output, log);

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertEquals("", comparison.problem(), what);
        assertTrue(comparison.isReliable());
    }

    static Stream<Arguments> unreliableReports() {
        String listing =
                error("error reading destination root directory: AccessDenied:\n\tstatus code: 403", "S3 bucket");
        return Stream.of(
                Arguments.of(
                        1,
                        "",
                        listing + "Failed to check: AccessDenied\n",
                        "rclone logged: error reading destination root directory: AccessDenied: status code: 403"),
                Arguments.of(
                        1,
                        "+ a\n",
                        error("file not in x", "a") + listing + summaryLine(1),
                        "rclone logged: error reading destination root directory: AccessDenied: status code: 403"),
                Arguments.of(
                        0,
                        "= a\n",
                        listing,
                        "rclone logged: error reading destination root directory: AccessDenied: status code: 403"),
                Arguments.of(
                        3,
                        "",
                        error("error reading source root directory: directory not found", "x"),
                        "rclone exited with 3: error reading source root directory: directory not found"),
                Arguments.of(2, "", "", "rclone exited with 2 and logged no reason"),
                Arguments.of(
                        1,
                        "",
                        "2026/11/22 17:07:04 Failed to create file system for \"x\": oops\n",
                        "rclone logged: Failed to create file system for \"x\": oops"),
                Arguments.of(1, "", "", "rclone exited with 1 and did not log differences as the reason"),
                Arguments.of(1, "+ a\n", "", "rclone exited with 1 and did not log differences as the reason"),
                Arguments.of(1, "+ a\n", TWO_DIFFER, "rclone counted 2 differing keys and reported 1"),
                Arguments.of(1, "= a\n", summaryLine(0), "rclone counted 0 differing keys and reported 0"),
                Arguments.of(0, "+ a\n", "", "rclone counted 0 differing keys and reported 1"),
                Arguments.of(0, "= a\n", matchingLine(2), "rclone counted 2 equal keys and reported 1"),
                Arguments.of(
                        0,
                        "= a\n",
                        notice("1 hashes could not be checked"),
                        "rclone logged: 1 hashes could not be checked"),
                Arguments.of(
                        0,
                        "= a\n",
                        notice("Can't follow symlink without -L/--copy-links"),
                        "rclone logged: Can't follow symlink without -L/--copy-links"),
                Arguments.of(
                        1,
                        "+ a\n",
                        error("is file on x but directory on y", "a") + summaryLine(1),
                        "rclone logged: is file on x but directory on y"),
                Arguments.of(1, "+ a\n", error("file not in x", "") + summaryLine(1), "rclone logged: file not in x"),
                Arguments.of(
                        1,
                        "",
                        "{\"level\":\"critical\",\"msg\":\"Failed to load\"}\n",
                        "rclone logged: Failed to load"),
                Arguments.of(2, "", "panic: runtime error\n", "rclone exited with 2: panic: runtime error"),
                Arguments.of(0, "= a\n=b\n", "", line("=b")),
                Arguments.of(0, "= a\n\n", "", line("")),
                Arguments.of(0, "= \n", "", line("= ")),
                Arguments.of(0, "? a\n", "", line("? a")),
                Arguments.of(0, "= a\n= b", "", "the output of rclone ends in the middle of a line"),
                Arguments.of(
                        1,
                        "! a\n= b\n",
                        error("Failed to hash", "a") + "Failed to check: Failed to hash\n",
                        "rclone could not read docker/registry/v2/blobs/a; rclone logged: Failed to hash"),
                Arguments.of(
                        0,
                        "= " + "a".repeat(20_000) + "\n",
                        "",
                        "rclone could not be run or read: it printed a line of more than 16384 bytes"));
    }

    private static String line(String printed) {
        return "rclone printed a line that is not part of its report: " + printed;
    }

    @ParameterizedTest
    @MethodSource
    void unreliableReports(int exit, String output, String log, String reason) {
        // Given
        fakeRclone.respond("check", exit, output, log);

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertEquals(
                "Failed to compare \"%s\" of the registry with the backup: %s; run the command for details"
                        .formatted(PREFIX, reason),
                comparison.problem());
        assertFalse(comparison.isReliable());
    }

    @Test
    void aKilledComparisonIsUnreliable() {
        // Given
        fakeRclone.respond("check", 0, "= a\n", "").die();

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertFalse(comparison.isReliable());
        assertTrue(comparison.problem().contains("rclone exited with 137"), comparison.problem());
    }

    @Test
    void aStoreWithNothingInItIsListedToDistinguishItFromAMissingOne() {
        // Given
        fakeRclone
                .respond("check", 1, "+ a\n", error("file not in x", "a") + summaryLine(1))
                .respond("lsf", 3, "", error("error listing: directory not found", ""));

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertFalse(comparison.isReliable());
        assertEquals(
                "Failed to compare \"%s\" of the registry with the backup: no keys were found in backup:bucket/%s, and listing it failed: rclone exited with 3: error listing: directory not found; run the command for details"
                        .formatted(PREFIX, PREFIX),
                comparison.problem());
    }

    @Test
    void blobsAreComparedBySizeInOneListing() {
        // When
        rclone.compare(SHARD, differences::add);

        // Then
        assertEquals(
                List.of("check", "registry:images/" + PREFIX, "backup:bucket/" + PREFIX, "--combined", "-"),
                fakeRclone.arguments("check").subList(0, 5));
        assertTrue(fakeRclone.arguments("check").containsAll(List.of("--size-only", "--fast-list", "--use-json-log")));
        assertFalse(fakeRclone.arguments("check").contains("--download"));
    }

    @Test
    void linksAreComparedByHashWithWhatIsLeftOut() {
        // When
        Comparison comparison = rclone.compare(LINK_SHARD, differences::add);

        // Then
        List<String> arguments = fakeRclone.arguments("check");
        assertEquals(
                List.of("--exclude", "_uploads/**", "--exclude", "it's/*"),
                arguments.subList(arguments.indexOf("--exclude"), arguments.indexOf("--use-json-log")));
        assertFalse(arguments.contains("--size-only"));
        assertFalse(arguments.contains("--download"));
        assertFalse(arguments.contains("--fast-list"));
        assertTrue(
                comparison
                        .command()
                        .startsWith(fakeRclone.path() + " check registry:images/docker/registry/v2/repositories/"
                                + " backup:bucket/docker/registry/v2/repositories/ --combined -"
                                + " --exclude '_uploads/**' --exclude 'it'\\''s/*' --use-json-log "),
                comparison.command());
    }

    @Test
    void linksAreReadWhereEncryptionHidesTheirHashes() {
        // Given
        Rclone encrypted =
                start(new S3Settings.WriteOptions(Optional.empty(), Optional.of("aws:kms"), Optional.empty()));

        // When
        encrypted.compare(LINK_SHARD, differences::add);

        // Then
        assertTrue(fakeRclone.arguments("check").contains("--download"));
    }

    @Test
    void credentialsAreInTheEnvironmentAlone() {
        // When
        Comparison comparison = rclone.compare(LINK_SHARD, differences::add);

        // Then
        assertTrue(fakeRclone.environment().contains("RCLONE_CONFIG_REGISTRY_SECRET_ACCESS_KEY=registry-secret"));
        assertTrue(fakeRclone.environment().contains("RCLONE_CONFIG=" + folder.resolve("scratch/rclone.conf")));
        assertFalse(fakeRclone.environment().stream().anyMatch(variable -> variable.startsWith("AWS_CA_BUNDLE=")));
        assertFalse(fakeRclone.arguments("check").toString().contains("secret"));
        assertFalse(comparison.command().contains("secret"), comparison.command());
    }

    @Test
    void confirmingAsksForTheKeysAloneAndNotOneByOne() {
        // Given
        fakeRclone.recordKeys().respond("check", 0, "= a/data\n", "");

        // When
        Comparison comparison = rclone.compareKeys(
                LINK_SHARD,
                List.of(LINK_SHARD.prefix() + "a/data", LINK_SHARD.prefix() + "b c/link"),
                differences::add);

        // Then
        assertTrue(comparison.isReliable(), comparison.problem());
        assertEquals(List.of("a/data", "b c/link"), fakeRclone.keys());
        List<String> arguments = fakeRclone.arguments("check");
        assertFalse(arguments.contains("--no-traverse"));
        assertFalse(arguments.contains("--exclude"));
        Path list = Path.of(arguments.get(arguments.indexOf("--files-from-raw") + 1));
        assertTrue(Files.notExists(list));
        assertEquals(List.of(new Difference(Kind.SAME, LINK_SHARD.prefix() + "a/data")), differences);
    }

    @Test
    void confirmingNothingStartsNothing() {
        // When
        Comparison comparison = rclone.compareKeys(LINK_SHARD, List.of(), differences::add);

        // Then
        assertTrue(comparison.isReliable());
        assertFalse(fakeRclone.wasRun("check"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"docker/registry/v2/other/a", PREFIX, PREFIX + "a\nb", PREFIX + "a\rb"})
    void keysThatCannotBeAskedForAreRefused(String key) {
        // When
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class,
                () -> rclone.compareKeys(SHARD, List.of(PREFIX + "a", key), differences::add));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("Failed to compare "), refusal.getMessage());
        assertFalse(fakeRclone.wasRun("check"));
    }

    @Test
    void anExceptionOfTheConsumerEndsRclone() {
        // Given
        fakeRclone.respond("check", 0, "= a\n", "").hang();
        IllegalStateException full = new IllegalStateException("full");

        // When
        IllegalStateException thrown = assertThrows(
                IllegalStateException.class,
                () -> rclone.compare(SHARD, difference -> {
                    throw full;
                }));

        // Then
        assertSame(full, thrown);
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !fakeRclone.isAlive());
    }

    @Test
    void anInterruptEndsRclone() {
        // Given
        fakeRclone.respond("check", 0, "= a\n", "").hang();

        // When
        Comparison comparison =
                rclone.compare(SHARD, difference -> Thread.currentThread().interrupt());

        // Then
        assertTrue(Thread.interrupted());
        assertFalse(comparison.isReliable());
        assertTrue(comparison.problem().contains("it was interrupted, and rclone was stopped"), comparison.problem());
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> !fakeRclone.isAlive());
    }

    @Test
    void nothingIsLeftInTheScratchDirectory() throws Exception {
        // Given
        fakeRclone.respond("check", 0, "= a\n", notice("0 differences found"));

        // When
        rclone.compareKeys(SHARD, List.of(PREFIX + "a"), differences::add);

        // Then
        try (Stream<Path> files = Files.list(folder.resolve("scratch"))) {
            assertEquals(
                    List.of("empty", "rclone.conf"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void namesAreThoseOfBothStoresAndThoseOfDirectoriesEndInASlash() {
        // Given
        fakeRclone.respond("lsf", 0, "b/\na/\na b/\nfile\n", "");

        // When
        SortedSet<String> names = rclone.listNames(PREFIX);

        // Then
        assertEquals(new TreeSet<>(List.of("a/", "a b/", "b/", "file")), names);
        assertEquals(
                List.of("lsf", "backup:bucket/" + PREFIX, "--max-depth", "1"),
                fakeRclone.arguments("lsf").subList(0, 4));
    }

    static Stream<Arguments> listingsThatFail() {
        return Stream.of(
                Arguments.of(
                        3,
                        "",
                        error("error listing: directory not found", ""),
                        "rclone exited with 3: error listing: directory not found"),
                Arguments.of(0, "a/\n", error("oops", "x"), "rclone logged: oops"),
                Arguments.of(0, "a/\nb", "", "the output of rclone ends in the middle of a line"));
    }

    @ParameterizedTest
    @MethodSource
    void listingsThatFail(int exit, String output, String log, String reason) {
        // Given
        fakeRclone.respond("lsf", exit, output, log);

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> rclone.listNames(PREFIX));

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error());
        assertEquals(
                "Failed to list the names below \"%s\" in the registry with rclone: %s".formatted(PREFIX, reason),
                failure.getMessage());
    }

    @Test
    void aPrefixEndsWithAName() {
        // When
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class, () -> new Shard("docker", CompareBy.SIZE, List.of(), true));

        // Then
        assertEquals("Failed to define a shard by \"docker\": a prefix ends in / or is empty", refusal.getMessage());
    }

    private Rclone start(S3Settings.WriteOptions writeOptions) {
        return Rclone.create(
                fakeRclone.path(),
                remote("registry", "images", "registry-secret", S3Settings.WriteOptions.DEFAULT),
                remote("backup", "bucket", "backup-secret", writeOptions),
                new ProcessCredentials(),
                folder.resolve("scratch"));
    }

    private static RcloneRemote remote(
            String name, String bucket, String secret, S3Settings.WriteOptions writeOptions) {
        S3Endpoint nowhere = new S3Endpoint(URI.create("http://127.0.0.1:1"), "default", name, secret);
        S3Settings settings = TestS3Settings.of(name, nowhere, bucket, writeOptions);
        return new RcloneRemote(name, Optional.of(settings), Optional.empty());
    }

    private static String error(String message, String object) {
        return record("error", message, object);
    }

    private static String notice(String message) {
        return record("warning", message, "S3 bucket backup");
    }

    private static String matchingLine(int keys) {
        return notice(keys + " matching files");
    }

    private static String summaryLine(int differences) {
        return record("notice", "Failed to check: %d differences found".formatted(differences), "");
    }

    private static String record(String level, String message, String object) {
        return "{\"level\":\"%s\",\"msg\":\"%s\",\"object\":\"%s\",\"source\":\"operations/check.go:106\"}\n"
                .formatted(
                        level, message.replace("\n", "\\n").replace("\t", "\\t").replace("\"", "\\\""), object);
    }
}
