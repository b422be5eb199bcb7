package dev.registrybackup.preflight;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.ledger.OwedKey;
import dev.registrybackup.ledger.TestClock;
import dev.registrybackup.point.Point;
import dev.registrybackup.point.Point.State;
import dev.registrybackup.point.Points;
import dev.registrybackup.rclone.RcloneUnusableException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.LifecycleRule;
import dev.registrybackup.store.NotificationRule;
import dev.registrybackup.store.NotificationRule.KeyFilter;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.store.Told;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreflightTest {
    private static final String NAME = "0123456789abcdef";
    private static final List<String> CREATED = List.of("s3:ObjectCreated:*");

    private final TestClock clock = new TestClock();
    private final InMemoryObjectStore registryBucket = new InMemoryObjectStore("images", true, clock);
    private final InMemoryObjectStore backupBucket = new InMemoryObjectStore("copy", true, clock);
    private final FaultyStore registry = new FaultyStore(registryBucket);
    private final FaultyStore backup = new FaultyStore(backupBucket);
    private final RegistryLayout layout = new RegistryLayout("");
    private Supplier<String> rclone = () -> "v1.60.1";
    private Consumer<Duration> pause = clock::pass;
    private boolean isCommand = true;

    @BeforeEach
    void allIsAsItShouldBe() {
        registryBucket.seed("docker/registry/v2/blobs/sha256/00/00/data", new byte[] {1});
        backupBucket.seed("registry-backup/adopted", new byte[] {1});
        registry.notifications(Told.of(List.of(new NotificationRule("topic", CREATED, List.of()))));
        backup.lifecycle(
                Told.of(List.of(new LifecycleRule("uploads", "", false, OptionalInt.empty(), OptionalInt.of(1)))));
    }

    private Points run(boolean canary) {
        return new Preflight(new Preflight.Parts(
                        new Side("registry", registry, layout, Optional.empty(), false),
                        new Side("backup", backup, layout, Optional.empty(), false),
                        isCommand,
                        () -> rclone.get(),
                        Optional.empty(),
                        clock,
                        () -> NAME,
                        time -> pause.accept(time)))
                .run(canary);
    }

    private Point point(String name) {
        return point(name, run(false));
    }

    private static Point point(String name, Points points) {
        return points.points().stream()
                .filter(point -> point.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("No " + name + " in " + points.json()));
    }

    /** As the role replicate does on the event. */
    private void deliver() {
        new Canaries(registry, backup, clock).arrived(new OwedKey(Canaries.IN_REGISTRY + NAME, Optional.empty()));
    }

    @Test
    void whereAllIsThereItIsReadyAndNothingIsLeftBehind() {
        // Given
        int registryVersions = registryBucket.versionCount("");
        int backupVersions = backupBucket.versionCount("");
        pause = time -> {
            clock.pass(time);
            deliver();
        };

        // When
        Points points = run(true);

        // Then
        assertTrue(points.json().path("ready").asBoolean(), () -> points.json().toPrettyString());
        assertEquals(List.of(), points.missing());
        assertEquals(
                "its event was handled within 200 ms", point("canary", points).found());
        assertEquals(registryVersions, registryBucket.versionCount(""));
        assertEquals(backupVersions, backupBucket.versionCount(""));
    }

    @ParameterizedTest
    @CsvSource({
        "reach, registry bucket",
        "list, registry list",
        "look, registry absent object",
        "read, registry read",
    })
    void whatTheRegistryRefusesIsMissingWithItsRemedy(String request, String name) {
        // Given
        registry.failing(request, StoreError.FORBIDDEN);

        // When
        Points points = run(false);

        // Then
        Point point = point(name, points);
        assertEquals(State.MISSING, point.state());
        assertTrue(point.found().contains("FORBIDDEN"), point::found);
        assertFalse(point.remedy().isEmpty());
        assertFalse(points.json().path("ready").asBoolean());
    }

    @ParameterizedTest
    @CsvSource({
        "reach, backup bucket",
        "list, backup list",
        "look, backup absent object",
        "read, backup read",
        "write, backup write",
        "remove, backup write",
        "write, backup If-None-Match",
        "start, backup multipart",
    })
    void whatTheBackupRefusesIsMissingWithItsRemedy(String request, String name) {
        // Given
        backup.failing(request, StoreError.FORBIDDEN);

        // When
        Point point = point(name);

        // Then
        assertEquals(State.MISSING, point.state());
        assertFalse(point.remedy().isEmpty());
    }

    @Test
    void ofAServicesKeyItIsOnlyNotedThatItWritesNoParts() {
        // Given
        isCommand = false;
        backup.failing("start", StoreError.FORBIDDEN);

        // When
        Point point = point("backup multipart");

        // Then
        assertEquals(State.NOTE, point.state());
    }

    @Test
    void anEmptyRegistryIsNoProblem() {
        // Given
        registryBucket.remove("docker/registry/v2/blobs/sha256/00/00/data", Optional.empty());

        // When
        Point point = point("registry read");

        // Then
        assertEquals(State.NOTE, point.state());
    }

    @Test
    void aStoreThatDoesNotHeedIfNoneMatchIsNoted() {
        // Given
        backup.heedsIfNoneMatch = false;

        // When
        Point point = point("backup If-None-Match");

        // Then
        assertEquals(State.NOTE, point.state());
    }

    @Test
    void aBackupWithoutVersionsIsMissingThem() {
        // Given
        backup.versioned(Told.of(false));

        // When
        Point point = point("backup versioning");

        // Then
        assertEquals(State.MISSING, point.state());
        assertEquals(
                "aws s3api put-bucket-versioning --bucket copy --versioning-configuration Status=Enabled",
                point.remedy());
    }

    @Test
    void whatAStoreFailedToTellIsNeverSaidToBeFine() {
        // Given
        backup.versioned(Told.nothing("GetBucketVersioning was answered 500 InternalError"));

        // When
        Points points = run(false);

        // Then
        assertEquals(State.COULD_NOT_TELL, point("backup versioning", points).state());
        assertEquals(List.of(), points.missing());
        assertFalse(points.json().path("ready").asBoolean());
    }

    @Test
    void whatNobodyCanAskIsNotedAndKeepsNobodyFromBeingReady() {
        // Given
        backup.lifecycle(Told.settled("GetBucketLifecycleConfiguration was answered 403 AccessDenied"));
        registry.notifications(Told.settled("GetBucketNotificationConfiguration was answered 501 NotImplemented"));

        // When
        Points points = run(false);

        // Then
        assertEquals(State.NOTE, point("backup lifecycle", points).state());
        assertEquals(
                "aws s3api get-bucket-lifecycle-configuration --bucket copy",
                point("backup lifecycle", points).remedy());
        assertEquals(State.NOTE, point(NotificationPoints.NAME, points).state());
        assertTrue(points.json().path("ready").asBoolean(), () -> points.json().toPrettyString());
    }

    @ParameterizedTest
    @CsvSource({
        "docker/, MISSING, MISSING",
        "'', MISSING, MISSING",
        "docker/registry/v2/repositories/old/, MISSING, MISSING",
        "registry-backup/operations/, OK, MISSING",
        "logs/, OK, OK",
    })
    void aRuleThatDeletesTheBackupIsFound(String prefix, State ofRegistry, State ofBackup) {
        // Given
        LifecycleRule rule = new LifecycleRule("tidy", prefix, true, OptionalInt.empty(), OptionalInt.empty());
        registry.lifecycle(Told.of(List.of(rule)));
        backup.lifecycle(Told.of(List.of(rule)));

        // When
        Points points = run(false);

        // Then
        assertEquals(ofRegistry, point("registry lifecycle", points).state());
        assertEquals(ofBackup, point("backup lifecycle", points).state());
    }

    @Test
    void oldVersionsThatGoSoonAndUploadsThatStayAndLocksAreNoted() {
        // Given
        backup.lifecycle(
                Told.of(List.of(new LifecycleRule("short", "", false, OptionalInt.of(7), OptionalInt.empty()))));
        backup.locked();

        // When
        Points points = run(false);

        // Then
        assertEquals(State.OK, point("backup lifecycle", points).state());
        assertEquals(State.NOTE, point("backup old versions", points).state());
        assertEquals(State.NOTE, point("backup incomplete uploads", points).state());
        assertEquals(State.NOTE, point("backup Object Lock", points).state());
    }

    @ParameterizedTest
    @CsvSource({"0, OK", "60, OK", "61, NOTE", "-61, NOTE", "300, NOTE", "301, MISSING", "-301, MISSING"})
    void clocksThatDifferAreToldByHowMuch(long seconds, State state) {
        // Given
        registry.time(Told.of(clock.instant().plusSeconds(seconds)));

        // When
        Point point = point("registry clock");

        // Then
        assertEquals(state, point.state());
        assertTrue(point.found().contains(Math.abs(seconds) + " s"), point::found);
    }

    @Test
    void aBucketThatTellsNobodyIsMissingItsNotification() {
        // Given
        registry.notifications(Told.of(List.of()));

        // When
        Point point = point(NotificationPoints.NAME);

        // Then
        assertEquals(State.MISSING, point.state());
    }

    @ParameterizedTest
    @CsvSource({
        "s3:ObjectCreated:*, prefix, docker/registry/v2/, OK",
        "s3:ObjectCreated:*, Regex, '([^_]|_[^u])*', OK",
        "s3:ObjectCreated:*, prefix, images/, MISSING",
        "s3:ObjectCreated:*, suffix, /link, MISSING",
        "s3:ObjectCreated:*, regex, '(', MISSING",
        "s3:ObjectCreated:Put, prefix, '', MISSING",
        "s3:ObjectRemoved:*, prefix, '', MISSING",
    })
    void aNotificationHasToTellOfEverythingTheRegistryWrites(String event, String filter, String value, State state) {
        // Given
        registry.notifications(
                Told.of(List.of(new NotificationRule("topic", List.of(event), List.of(new KeyFilter(filter, value))))));

        // When
        Point point = point(NotificationPoints.NAME);

        // Then
        assertEquals(state, point.state(), point::found);
    }

    @Test
    void severalNotificationsTellOfItTogether() {
        // Given
        registry.notifications(Told.of(List.of(
                new NotificationRule("one", List.of("s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"), List.of()),
                new NotificationRule(
                        "two",
                        List.of("s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:Delete"),
                        List.of()))));

        // When
        Points points = run(false);

        // Then
        assertEquals(State.OK, point(NotificationPoints.NAME, points).state());
        assertEquals(State.NOTE, point("notification of removals", points).state());
    }

    @Test
    void aCanaryThatDoesNotComeIsMissingAfterAMinuteAndRemoved() {
        // When
        Points points = run(true);

        // Then
        Point point = point("canary", points);
        assertEquals(State.MISSING, point.state());
        assertTrue(point.found().endsWith("did not reach replicate within 60 s"), point::found);
        assertEquals(TestClock.START.plusSeconds(60), clock.instant());
        assertEquals(0, registryBucket.versionCount(Canaries.IN_REGISTRY));
    }

    @Test
    void aKeyThatMayNotWriteACanaryIsToldHowToTryByHand() {
        // Given
        registry.failing("write", StoreError.FORBIDDEN);

        // When
        Points points = run(true);

        // Then
        Point point = point("canary", points);
        assertEquals(State.NOTE, point.state());
        assertTrue(
                point.remedy().contains("aws s3api put-object --bucket images --key registry-backup-canary/" + NAME),
                point::remedy);
        assertTrue(points.json().path("ready").asBoolean());
    }

    @Test
    void aCanaryThatMayNotBeRemovedIsNoted() {
        // Given
        registry.failing("remove", StoreError.FORBIDDEN);
        pause = time -> deliver();

        // When
        Points points = run(true);

        // Then
        assertEquals(State.OK, point("canary", points).state());
        assertEquals(State.NOTE, point("canary's removal", points).state());
        assertEquals(List.of(), backupBucket.keys(Canaries.IN_BACKUP));
    }

    @Test
    void canariesThatOthersLeftGoAfterAnHour() {
        // Given
        registryBucket.seed(Canaries.IN_REGISTRY + "aaaaaaaa", new byte[0]);
        backupBucket.seed(Canaries.IN_BACKUP + "aaaaaaaa", new byte[0]);
        clock.pass(Duration.ofMinutes(61));
        registryBucket.seed(Canaries.IN_REGISTRY + "bbbbbbbb", new byte[0]);
        backupBucket.seed(Canaries.IN_BACKUP + "bbbbbbbb", new byte[0]);

        // When
        run(true);

        // Then
        assertEquals(List.of(Canaries.IN_REGISTRY + "bbbbbbbb"), registryBucket.keys(Canaries.IN_REGISTRY));
        assertEquals(List.of(Canaries.IN_BACKUP + "bbbbbbbb"), backupBucket.keys(Canaries.IN_BACKUP));
    }

    @Test
    void onceACanaryHasComeItIsNoMatterThatTheStoreDoesNotTellOfNotifications() {
        // Given
        registry.notifications(Told.nothing("GetBucketNotificationConfiguration was answered 500 InternalError"));
        pause = time -> deliver();

        // When
        Points points = run(true);

        // Then
        assertEquals(State.NOTE, point(NotificationPoints.NAME, points).state());
        assertTrue(points.json().path("ready").asBoolean());
    }

    @Test
    void withoutACanaryNothingIsWrittenIntoTheRegistry() {
        // Given
        registry.failing("write", StoreError.REFUSED);

        // When
        Points points = run(false);

        // Then
        assertEquals(State.NOTE, point("canary", points).state());
        assertTrue(points.json().path("ready").asBoolean());
    }

    @Test
    void anRcloneThatCannotBeUsedIsMissing() {
        // Given
        rclone = () -> {
            throw new RcloneUnusableException("Failed to start rclone: no such file; install it");
        };

        // When
        Point point = point("rclone");

        // Then
        assertEquals(State.MISSING, point.state());
        assertEquals("Failed to start rclone: no such file; install it", point.found());
    }
}
