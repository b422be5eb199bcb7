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

    private static final String MD5 = "62b9337ed372f51847cbe95a7b296fb7";
    private static final String OTHER_MD5 = "819cbd2a33b8354706c6d4100e1cd8d8";

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
    void everyKeyOfEitherStoreIsReportedInOrder() {
        // Given
        list("1 a\n1 b\n7 d\n", "1 a\n1 c c/Å;\r\n8 d\n");

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertEquals(
                List.of(
                        new Difference(Kind.SAME, PREFIX + "a"),
                        new Difference(Kind.ONLY_IN_REGISTRY, PREFIX + "b"),
                        new Difference(Kind.ONLY_IN_BACKUP, PREFIX + "c c/Å;\r"),
                        new Difference(Kind.DIFFERENT, PREFIX + "d")),
                differences);
        assertEquals("", comparison.problem());
        assertTrue(comparison.isReliable());
        assertEquals(4, comparison.keys());
    }

    @Test
    void linksOfOneSizeAreComparedByTheirHashes() {
        // Given
        list("%s  a\n%s  b;c\n".formatted(MD5, MD5), "%s  a\n%s  b;c\n".formatted(MD5, OTHER_MD5));

        // When
        rclone.compare(LINK_SHARD, differences::add);

        // Then
        assertEquals(
                List.of(
                        new Difference(Kind.SAME, LINK_SHARD.prefix() + "a"),
                        new Difference(Kind.DIFFERENT, LINK_SHARD.prefix() + "b;c")),
                differences);
    }

    @Test
    void keysAreInTheOrderOfTheirBytes() {
        // Given
        String emoji = "\uD83D\uDE00";
        list("1 \uFF0E\n1 %s\n".formatted(emoji), "1 %s\n".formatted(emoji));

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(
                List.of(
                        new Difference(Kind.ONLY_IN_REGISTRY, PREFIX + "\uFF0E"),
                        new Difference(Kind.SAME, PREFIX + emoji)),
                differences);
    }

    @Test
    void aStoreThatIsListedByDirectoriesMayListThemInAnyOrder() {
        // Given
        list("%s  b\n%s  a\n".formatted(MD5, MD5), "%s  a\n%s  b\n".formatted(MD5, MD5));

        // When
        Comparison comparison = rclone.compare(LINK_SHARD, differences::add);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(
                List.of(
                        new Difference(Kind.SAME, LINK_SHARD.prefix() + "a"),
                        new Difference(Kind.SAME, LINK_SHARD.prefix() + "b")),
                differences);
    }

    @Test
    void noticesAreNoProblem() {
        // Given
        fakeRclone.respond("registry", 0, "1 a\n", notice("Config file not found") + "\n");

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertEquals("", comparison.problem());
    }

    @Test
    void anObjectOnOneSideNeedsNoHash() {
        // Given
        list(" ".repeat(32) + "  a\n", "");

        // When
        Comparison comparison = rclone.compare(LINK_SHARD, differences::add);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(List.of(new Difference(Kind.ONLY_IN_REGISTRY, LINK_SHARD.prefix() + "a")), differences);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "UNSUPPORTED", "ERROR"})
    void contentWithoutAHashCannotBeCompared(String hash) {
        // Given
        list("%32s  a\n".formatted(hash), "%32s  a\n".formatted(hash));

        // When
        Comparison comparison = rclone.compare(LINK_SHARD, differences::add);

        // Then
        assertEquals(
                "Failed to compare \"%s\" of the registry with the backup: a store lists no MD5 of %sa; run the commands for details"
                        .formatted(LINK_SHARD.prefix(), LINK_SHARD.prefix()),
                comparison.problem());
    }

    static Stream<Arguments> unreliableListings() {
        String listing = error("error listing: AccessDenied:\n\tstatus code: 403", "S3 bucket");
        return Stream.of(
                Arguments.of(
                        1,
                        "",
                        listing + "Failed to lsf: AccessDenied\n",
                        "rclone exited with 1: error listing: AccessDenied: status code: 403"),
                Arguments.of(0, "1 a\n", listing, "rclone logged: error listing: AccessDenied: status code: 403"),
                Arguments.of(
                        3,
                        "",
                        error("error listing: directory not found", ""),
                        "rclone exited with 3: error listing: directory not found"),
                Arguments.of(2, "", "", "rclone exited with 2 and logged no reason"),
                Arguments.of(
                        1,
                        "",
                        "2026/11/22 17:07:04 Failed to create file system for \"x\": oops\n",
                        "rclone exited with 1: Failed to create file system for \"x\": oops"),
                Arguments.of(
                        0,
                        "1 a\n",
                        notice("Can't follow symlink without -L/--copy-links"),
                        "rclone logged: Can't follow symlink without -L/--copy-links"),
                Arguments.of(
                        0,
                        "",
                        "{\"level\":\"critical\",\"msg\":\"Failed to load\"}\n",
                        "rclone logged: Failed to load"),
                Arguments.of(2, "", "panic: runtime error\n", "rclone exited with 2: panic: runtime error"),
                Arguments.of(0, "1 a\n1b\n", "", line("1b")),
                Arguments.of(0, "1 a\n\n", "", line("")),
                Arguments.of(0, "1 \n", "", line("1 ")),
                Arguments.of(0, " a\n", "", line(" a")),
                Arguments.of(0, "-1 a\n", "", line("-1 a")),
                Arguments.of(0, "1 a\n1 b", "", "the output of rclone ends in the middle of a line"),
                Arguments.of(0, "1 b\n1 a\n", "", "rclone did not list in the order of keys: a"),
                Arguments.of(0, "1 a\n1 a\n", "", "rclone did not list in the order of keys: a"),
                Arguments.of(0, "b;1\n", "", line("b;1")));
    }

    @Test
    void aLineThatIsTooLongIsNoKey() {
        // Given
        list("1 " + "a".repeat(20_000) + "\n", "");

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertUnreliable(comparison, "rclone could not be run or read: it printed a line of more than 16384 bytes");
    }

    private static String line(String printed) {
        return "rclone printed a line that is not part of its listing: " + printed;
    }

    static Stream<Arguments> unreliableListingsOfEitherStore() {
        return Stream.of("registry", "backup")
                .flatMap(store -> unreliableListings()
                        .map(listing -> Arguments.of(Stream.concat(Stream.of(store), Stream.of(listing.get()))
                                .toArray())));
    }

    @ParameterizedTest
    @MethodSource("unreliableListingsOfEitherStore")
    void anUnreliableListingIsNoComparison(String store, int exit, String output, String log, String reason) {
        // Given
        fakeRclone.respond(store, exit, output, log);

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertUnreliable(comparison, "the %s was not listed: %s".formatted(store, reason));
    }

    private static void assertUnreliable(Comparison comparison, String reason) {
        assertEquals(
                "Failed to compare \"%s\" of the registry with the backup: %s; run the commands for details"
                        .formatted(PREFIX, reason),
                comparison.problem());
        assertFalse(comparison.isReliable());
    }

    @Test
    void aStoreThatCannotBeListedMakesNoKeyOfTheOtherAppearMissing() {
        // Given
        fakeRclone
                .respond("registry", 0, "1 a\n1 b\n", "")
                .respond("backup", 1, "", error("error listing: AccessDenied", "S3 bucket"));

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertFalse(comparison.isReliable());
        assertEquals(List.of(), differences);
    }

    @Test
    void aKilledListingIsUnreliable() {
        // Given
        list("1 a\n", "1 a\n");
        fakeRclone.die();

        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        assertFalse(comparison.isReliable());
        assertTrue(comparison.problem().contains("rclone exited with 137"), comparison.problem());
    }

    @Test
    void blobsAreListedWithTheirSizesAThousandAtATime() {
        // When
        Comparison comparison = rclone.compare(SHARD, differences::add);

        // Then
        String listing = " --fast-list --checkers 1 --transfers 1 --use-json-log ";
        assertTrue(
                comparison.command().startsWith(fakeRclone.path() + " ls registry:images/" + PREFIX + listing),
                comparison.command());
        assertTrue(
                comparison.command().contains("; " + fakeRclone.path() + " ls backup:bucket/" + PREFIX + listing),
                comparison.command());
        assertEquals(
                "registry:images/" + PREFIX, fakeRclone.arguments("registry").get(1));
        assertEquals("backup:bucket/" + PREFIX, fakeRclone.arguments("backup").get(1));
    }

    @Test
    void linksAreListedWithTheirHashesAndWithoutWhatIsLeftOut() {
        // When
        Comparison comparison = rclone.compare(LINK_SHARD, differences::add);

        // Then
        List<String> arguments = fakeRclone.arguments("backup");
        assertEquals(
                List.of("--exclude", "_uploads/**", "--exclude", "it's/*"),
                arguments.subList(arguments.indexOf("--exclude"), arguments.indexOf("--use-json-log")));
        assertFalse(arguments.contains("--fast-list"));
        assertTrue(
                comparison
                        .command()
                        .startsWith(fakeRclone.path() + " md5sum registry:images/docker/registry/v2/repositories/"
                                + " --exclude '_uploads/**' --exclude 'it'\\''s/*' --use-json-log "),
                comparison.command());
    }

    @Test
    void contentIsNotComparedWhereEncryptionHidesTheHashes() {
        // Given
        Rclone encrypted =
                start(new S3Settings.WriteOptions(Optional.empty(), Optional.of("aws:kms"), Optional.empty()));

        // Then
        assertTrue(rclone.comparesContent());
        assertFalse(encrypted.comparesContent());
    }

    @Test
    void credentialsAreInTheEnvironmentAlone() {
        // When
        Comparison comparison = rclone.compare(LINK_SHARD, differences::add);

        // Then
        assertTrue(fakeRclone.environment().contains("RCLONE_CONFIG_REGISTRY_SECRET_ACCESS_KEY=registry-secret"));
        assertTrue(fakeRclone.environment().contains("RCLONE_CONFIG=" + folder.resolve("scratch/rclone.conf")));
        assertFalse(fakeRclone.environment().stream().anyMatch(variable -> variable.startsWith("AWS_CA_BUNDLE=")));
        assertFalse(fakeRclone.arguments("backup").toString().contains("secret"));
        assertFalse(comparison.command().contains("secret"), comparison.command());
    }

    @Test
    void confirmingAsksForTheKeysAloneAndNotOneByOne() {
        // Given
        list("%s  a/data\n".formatted(MD5), "%s  a/data\n".formatted(MD5));
        fakeRclone.recordKeys();

        // When
        Comparison comparison = rclone.compareKeys(
                LINK_SHARD,
                List.of(LINK_SHARD.prefix() + "a/data", LINK_SHARD.prefix() + "b c/link"),
                differences::add);

        // Then
        assertTrue(comparison.isReliable(), comparison.problem());
        assertEquals(List.of("a/data", "b c/link"), fakeRclone.keys());
        List<String> arguments = fakeRclone.arguments("registry");
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
        assertFalse(fakeRclone.wasRun("registry"));
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
        assertFalse(fakeRclone.wasRun("registry"));
    }

    @Test
    void anExceptionOfTheConsumerEndsRclone() {
        // Given
        list("1 a\n", "1 a\n");
        fakeRclone.hang();
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
        list("1 a\n", "1 a\n");
        fakeRclone.hang();

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
        list("1 a\n", "1 a\n");

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

    private void list(String registry, String backup) {
        fakeRclone.respond("registry", 0, registry, "").respond("backup", 0, backup, "");
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

    private static String record(String level, String message, String object) {
        return "{\"level\":\"%s\",\"msg\":\"%s\",\"object\":\"%s\",\"source\":\"operations/lsjson.go:1\"}\n"
                .formatted(
                        level, message.replace("\n", "\\n").replace("\t", "\\t").replace("\"", "\\\""), object);
    }
}
