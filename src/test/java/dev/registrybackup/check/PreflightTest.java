package dev.registrybackup.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.check.Check.State;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.LifecycleRule;
import dev.registrybackup.objectstore.NotificationRule;
import dev.registrybackup.objectstore.NotificationRule.KeyFilter;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ProbeResult;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.reconcile.rclone.RcloneUnusableException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.replication.CanaryProbe;
import dev.registrybackup.replication.LastCanary;
import dev.registrybackup.replication.pending.PendingKey;
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

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore registryBucket = new InMemoryObjectStore("images", true, clock);
    private final InMemoryObjectStore backupBucket = new InMemoryObjectStore("copy", true, clock);
    private final ConfigurableStore registrySettings = new ConfigurableStore(registryBucket);
    private final ConfigurableStore backupSettings = new ConfigurableStore(backupBucket);
    private final RecordingObjectStore registry = new RecordingObjectStore(registrySettings);
    private final RecordingObjectStore backup = new RecordingObjectStore(backupSettings);
    private final RegistryLayout layout = new RegistryLayout("");
    private Supplier<String> rclone = () -> "v1.60.1";
    private Consumer<Duration> sleep = clock::advance;
    private boolean isCommand = true;

    @BeforeEach
    void everythingIsConfigured() {
        registryBucket.seed("docker/registry/v2/blobs/sha256/00/00/data", new byte[] {1});
        backupBucket.seed("registry-backup/verified", new byte[] {1});
        registrySettings.notificationRules =
                Optional.of(ProbeResult.of(List.of(new NotificationRule("topic", CREATED, List.of()))));
        backupSettings.lifecycleRules = Optional.of(ProbeResult.of(
                List.of(new LifecycleRule("uploads", "", false, OptionalInt.empty(), OptionalInt.of(1)))));
    }

    private CheckReport run(boolean canary) {
        return preflight(false).run(canary);
    }

    private Preflight preflight(boolean isDirectory) {
        return new Preflight(
                new CheckedStore("registry", registry, layout, Optional.empty(), isDirectory),
                new CheckedStore("backup", backup, layout, Optional.empty(), false),
                isCommand,
                () -> rclone.get(),
                Optional.empty(),
                clock,
                () -> NAME,
                time -> sleep.accept(time));
    }

    private Check check(String name) {
        return check(name, run(false));
    }

    private static Check check(String name, CheckReport checkReport) {
        return checkReport.checks().stream()
                .filter(check -> check.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("No check " + name + " in " + checkReport.json()));
    }

    private static void refuse(RecordingObjectStore store, Operation refused, StoreError error) {
        store.beforeRequest((operation, key) -> {
            if (operation == refused) {
                throw new ObjectStoreException(error, "Failed: " + error);
            }
        });
    }

    /** Records the canary's arrival, as the role replicate does. */
    private void deliver() {
        new CanaryProbe(registry, backup, clock)
                .recordArrival(new PendingKey(CanaryProbe.REGISTRY_PREFIX + NAME, Optional.empty()));
    }

    @Test
    void aCompleteSetUpIsReadyAndNothingIsLeftBehind() {
        // Given
        int registryVersions = registryBucket.versionCount("");
        int backupVersions = backupBucket.versionCount("");
        sleep = time -> {
            clock.advance(time);
            deliver();
        };

        // When
        CheckReport checkReport = run(true);

        // Then
        assertTrue(
                checkReport.json().path("ready").asBoolean(),
                () -> checkReport.json().toPrettyString());
        assertEquals(List.of(), checkReport.failed());
        assertEquals(
                "its event was handled within 200 ms",
                check("canary", checkReport).found());
        assertEquals(registryVersions, registryBucket.versionCount(""));
        assertEquals(backupVersions, backupBucket.versionCount(""));
    }

    @Test
    void aCanaryOfItsOwnChecksNothingElse() {
        // Given
        refuse(backup, Operation.LIST, StoreError.FORBIDDEN);
        sleep = time -> {
            clock.advance(time);
            deliver();
        };

        // When
        List<Check> checks = preflight(false).canary();

        // Then
        assertEquals(State.PASS, checks.get(0).state());
        assertEquals(
                List.of("canary", "canary removal"),
                checks.stream().map(Check::name).toList());
    }

    @Test
    void noCanaryIsWrittenIntoADirectory() {
        // Given
        int versions = registryBucket.versionCount("");

        // When
        List<Check> checks = preflight(true).canary();

        // Then
        assertEquals(List.of(State.WARN), checks.stream().map(Check::state).toList());
        assertEquals(versions, registryBucket.versionCount(""));
    }

    @Test
    void aCanaryThatIsLostIsCountedAndOneThatCannotBeSentIsNot() {
        // Given
        sleep = clock::advance;
        int first = preflight(false).sendCanary().path("lost").asInt(-1);

        // When
        int notSent = preflight(true).sendCanary().path("lost").asInt(-1);
        int second = preflight(false).sendCanary().path("lost").asInt(-1);

        // Then
        assertEquals(List.of(1, 0, 2), List.of(first, notSent, second));
        assertEquals(2, new LastCanary(backupBucket).read().lost());
    }

    @ParameterizedTest
    @CsvSource({
        "BUCKET, registry bucket",
        "LIST, registry list",
        "HEAD, registry absent object",
        "OPEN, registry read",
        "BUCKET, backup bucket",
        "LIST, backup list",
        "HEAD, backup absent object",
        "OPEN, backup read",
        "PUT, backup write",
        "DELETE, backup write",
        "PUT, backup If-None-Match",
        "START_MULTIPART, backup multipart",
    })
    void aRefusedRightFailsWithItsRemedy(Operation operation, String name) {
        // Given
        refuse(name.startsWith("registry") ? registry : backup, operation, StoreError.FORBIDDEN);

        // When
        CheckReport checkReport = run(false);

        // Then
        Check check = check(name, checkReport);
        assertEquals(State.FAIL, check.state());
        assertTrue(check.found().contains("FORBIDDEN"), check::found);
        assertFalse(check.remedy().isEmpty());
        assertFalse(checkReport.json().path("ready").asBoolean());
    }

    @Test
    void aServicesAccountThatCannotWritePartsIsOnlyAWarning() {
        // Given
        isCommand = false;
        refuse(backup, Operation.START_MULTIPART, StoreError.FORBIDDEN);

        // When
        Check check = check("backup multipart");

        // Then
        assertEquals(State.WARN, check.state());
    }

    @Test
    void anEmptyRegistryWarns() {
        // Given
        registryBucket.delete("docker/registry/v2/blobs/sha256/00/00/data", Optional.empty());

        // When
        Check check = check("registry read");

        // Then
        assertEquals(State.WARN, check.state());
    }

    @Test
    void anObjectThatAnotherProcessDeletesAfterItWasListedIsNoMissingRight() {
        // Given: a canary's record, which comes first of all records and goes with its canary
        String canary = CanaryProbe.BACKUP_PREFIX + NAME;
        backupBucket.seed(canary, new byte[] {1});
        backup.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN && key.equals(canary)) {
                backupBucket.delete(canary, Optional.empty());
            }
        });

        // When
        Check check = check("backup read");

        // Then
        assertEquals(State.PASS, check.state(), check::found);
        assertTrue(check.found().contains("registry-backup/verified"), check::found);
    }

    @Test
    void aStoreThatIgnoresIfNoneMatchWarns() {
        // Given
        backupSettings.heedsIfNoneMatch = false;

        // When
        Check check = check("backup If-None-Match");

        // Then
        assertEquals(State.WARN, check.state());
    }

    @Test
    void aBackupWithoutVersioningFails() {
        // Given
        backupSettings.versioningEnabled = Optional.of(ProbeResult.of(false));

        // When
        Check check = check("backup versioning");

        // Then
        assertEquals(State.FAIL, check.state());
        assertEquals(
                "aws s3api put-bucket-versioning --bucket copy --versioning-configuration Status=Enabled",
                check.remedy());
    }

    @Test
    void anUnansweredQuestionIsNeverReportedAsFine() {
        // Given
        backupSettings.versioningEnabled =
                Optional.of(ProbeResult.transientFailure("GetBucketVersioning was answered 500 InternalError"));

        // When
        CheckReport checkReport = run(false);

        // Then
        assertEquals(State.UNKNOWN, check("backup versioning", checkReport).state());
        assertEquals(List.of(), checkReport.failed());
        assertFalse(checkReport.json().path("ready").asBoolean());
    }

    @Test
    void unsupportedQuestionsAreWarningsAndDoNotPreventReady() {
        // Given
        backupSettings.lifecycleRules = Optional.of(
                ProbeResult.permanentFailure("GetBucketLifecycleConfiguration was answered 403 AccessDenied"));
        registrySettings.notificationRules = Optional.of(
                ProbeResult.permanentFailure("GetBucketNotificationConfiguration was answered 501 NotImplemented"));

        // When
        CheckReport checkReport = run(false);

        // Then
        assertEquals(State.WARN, check("backup lifecycle", checkReport).state());
        assertEquals(
                "aws s3api get-bucket-lifecycle-configuration --bucket copy",
                check("backup lifecycle", checkReport).remedy());
        assertEquals(State.WARN, check(NotificationChecks.NAME, checkReport).state());
        assertTrue(
                checkReport.json().path("ready").asBoolean(),
                () -> checkReport.json().toPrettyString());
    }

    @ParameterizedTest
    @CsvSource({
        "docker/, FAIL, FAIL",
        "'', FAIL, FAIL",
        "docker/registry/v2/repositories/old/, FAIL, FAIL",
        "registry-backup/operations/, PASS, FAIL",
        "logs/, PASS, PASS",
    })
    void aLifecycleRuleThatDeletesObjectsFails(String prefix, State ofRegistry, State ofBackup) {
        // Given
        LifecycleRule rule = new LifecycleRule("tidy", prefix, true, OptionalInt.empty(), OptionalInt.empty());
        registrySettings.lifecycleRules = Optional.of(ProbeResult.of(List.of(rule)));
        backupSettings.lifecycleRules = Optional.of(ProbeResult.of(List.of(rule)));

        // When
        CheckReport checkReport = run(false);

        // Then
        assertEquals(ofRegistry, check("registry lifecycle", checkReport).state());
        assertEquals(ofBackup, check("backup lifecycle", checkReport).state());
    }

    @Test
    void shortLivedVersionsIncompleteUploadsAndObjectLockWarn() {
        // Given
        backupSettings.lifecycleRules = Optional.of(
                ProbeResult.of(List.of(new LifecycleRule("short", "", false, OptionalInt.of(7), OptionalInt.empty()))));
        backupSettings.objectLockEnabled = Optional.of(ProbeResult.of(true));

        // When
        CheckReport checkReport = run(false);

        // Then
        assertEquals(State.PASS, check("backup lifecycle", checkReport).state());
        assertEquals(State.WARN, check("backup old versions", checkReport).state());
        assertEquals(State.WARN, check("backup incomplete uploads", checkReport).state());
        assertEquals(State.WARN, check("backup Object Lock", checkReport).state());
    }

    @ParameterizedTest
    @CsvSource({"0, PASS", "60, PASS", "61, WARN", "-61, WARN", "300, WARN", "301, FAIL", "-301, FAIL"})
    void theDifferenceBetweenClocksIsReported(long seconds, State state) {
        // Given
        registrySettings.serverTime = Optional.of(ProbeResult.of(clock.instant().plusSeconds(seconds)));

        // When
        Check check = check("registry clock");

        // Then
        assertEquals(state, check.state());
        assertTrue(check.found().contains(Math.abs(seconds) + " s"), check::found);
    }

    @Test
    void aBucketWithoutANotificationFailsTheCheck() {
        // Given
        registrySettings.notificationRules = Optional.of(ProbeResult.of(List.of()));

        // When
        Check check = check(NotificationChecks.NAME);

        // Then
        assertEquals(State.FAIL, check.state());
    }

    @ParameterizedTest
    @CsvSource({
        "s3:ObjectCreated:*, prefix, docker/registry/v2/, PASS",
        "s3:ObjectCreated:*, Regex, '([^_]|_[^u])*', PASS",
        "s3:ObjectCreated:*, prefix, images/, FAIL",
        "s3:ObjectCreated:*, suffix, /link, FAIL",
        "s3:ObjectCreated:*, regex, '(', FAIL",
        "s3:ObjectCreated:Put, prefix, '', FAIL",
        "s3:ObjectRemoved:*, prefix, '', FAIL",
    })
    void aNotificationMustCoverEverythingTheRegistryWrites(String event, String filter, String value, State state) {
        // Given
        registrySettings.notificationRules = Optional.of(ProbeResult.of(
                List.of(new NotificationRule("topic", List.of(event), List.of(new KeyFilter(filter, value))))));

        // When
        Check check = check(NotificationChecks.NAME);

        // Then
        assertEquals(state, check.state(), check::found);
    }

    @Test
    void severalNotificationsTogetherCoverEverything() {
        // Given
        registrySettings.notificationRules = Optional.of(ProbeResult.of(List.of(
                new NotificationRule("one", List.of("s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"), List.of()),
                new NotificationRule(
                        "two",
                        List.of("s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:Delete"),
                        List.of()))));

        // When
        CheckReport checkReport = run(false);

        // Then
        assertEquals(State.PASS, check(NotificationChecks.NAME, checkReport).state());
        assertEquals(State.WARN, check("notification of removals", checkReport).state());
    }

    @Test
    void aCanaryWhoseEventDoesNotArriveFailsAfterAMinuteAndIsDeleted() {
        // When
        CheckReport checkReport = run(true);

        // Then
        Check check = check("canary", checkReport);
        assertEquals(State.FAIL, check.state());
        assertTrue(check.found().endsWith("did not reach replicate within 60 s"), check::found);
        assertEquals(SettableClock.START.plusSeconds(60), clock.instant());
        assertEquals(0, registryBucket.versionCount(CanaryProbe.REGISTRY_PREFIX));
    }

    @Test
    void anAccountThatMayNotWriteACanaryGetsManualInstructions() {
        // Given
        refuse(registry, Operation.PUT, StoreError.FORBIDDEN);

        // When
        CheckReport checkReport = run(true);

        // Then
        Check check = check("canary", checkReport);
        assertEquals(State.WARN, check.state());
        assertTrue(
                check.remedy().contains("aws s3api put-object --bucket images --key registry-backup-canary/" + NAME),
                check::remedy);
        assertTrue(checkReport.json().path("ready").asBoolean());
    }

    @Test
    void aCanaryThatMayNotBeDeletedWarns() {
        // Given
        refuse(registry, Operation.DELETE, StoreError.FORBIDDEN);
        sleep = time -> deliver();

        // When
        CheckReport checkReport = run(true);

        // Then
        assertEquals(State.PASS, check("canary", checkReport).state());
        assertEquals(State.WARN, check("canary removal", checkReport).state());
        assertEquals(List.of(), backupBucket.keys(CanaryProbe.BACKUP_PREFIX));
    }

    @Test
    void canariesThatWereLeftBehindAreDeletedAfterAnHour() {
        // Given
        registryBucket.seed(CanaryProbe.REGISTRY_PREFIX + "aaaaaaaa", new byte[0]);
        backupBucket.seed(CanaryProbe.BACKUP_PREFIX + "aaaaaaaa", new byte[0]);
        clock.advance(Duration.ofMinutes(61));
        registryBucket.seed(CanaryProbe.REGISTRY_PREFIX + "bbbbbbbb", new byte[0]);
        backupBucket.seed(CanaryProbe.BACKUP_PREFIX + "bbbbbbbb", new byte[0]);

        // When
        run(true);

        // Then
        assertEquals(
                List.of(CanaryProbe.REGISTRY_PREFIX + "bbbbbbbb"), registryBucket.keys(CanaryProbe.REGISTRY_PREFIX));
        assertEquals(List.of(CanaryProbe.BACKUP_PREFIX + "bbbbbbbb"), backupBucket.keys(CanaryProbe.BACKUP_PREFIX));
    }

    @Test
    void onceACanaryArrivesAnUnknownNotificationSettingDoesNotMatter() {
        // Given
        registrySettings.notificationRules = Optional.of(
                ProbeResult.transientFailure("GetBucketNotificationConfiguration was answered 500 InternalError"));
        sleep = time -> deliver();

        // When
        CheckReport checkReport = run(true);

        // Then
        assertEquals(State.WARN, check(NotificationChecks.NAME, checkReport).state());
        assertTrue(checkReport.json().path("ready").asBoolean());
    }

    @Test
    void withoutACanaryNothingIsWrittenIntoTheRegistry() {
        // Given
        refuse(registry, Operation.PUT, StoreError.BAD_REQUEST);

        // When
        CheckReport checkReport = run(false);

        // Then
        assertEquals(State.WARN, check("canary", checkReport).state());
        assertTrue(checkReport.json().path("ready").asBoolean());
    }

    @Test
    void anRcloneThatCannotBeUsedFails() {
        // Given
        rclone = () -> {
            throw new RcloneUnusableException("Failed to start rclone: no such file; install it");
        };

        // When
        Check check = check("rclone");

        // Then
        assertEquals(State.FAIL, check.state());
        assertEquals("Failed to start rclone: no such file; install it", check.found());
    }
}
