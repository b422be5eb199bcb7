package dev.registrybackup.app.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.reconcile.Alarms;
import dev.registrybackup.restore.LastDrill;
import dev.registrybackup.verify.LastVerification;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages without a browser. */
class PagesTest {
    private static final String HOSTILE = "<script>alert('1')</script>\"'><img src=x onerror=alert(2)>&amp;";
    private static final String DIGEST = "sha256:" + "ab".repeat(32);

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final FakeUiBackend answers = new FakeUiBackend();
    private final WorkerPools workerPools = new WorkerPools(2, 1);
    private final Pages pages = new Pages(backup, answers, Optional.empty(), false, workerPools, clock);

    @AfterEach
    void close() {
        workerPools.close();
    }

    private Page page(String path, Map<String, String> query) {
        return pages.render(new Pages.Request(path, query, false)).join();
    }

    private String overview() {
        return text(page("/", Map.of()));
    }

    /** The page without its tags. */
    private static String text(Page page) {
        return Pattern.compile("<head>.*</head>", Pattern.DOTALL)
                .matcher(page.html())
                .replaceAll("")
                .replaceAll("<[^>]*>", "")
                .replaceAll("\\s+", " ");
    }

    private void verified(Duration ago, int complete, int incomplete, int unknown) {
        Instant ended = clock.instant().minus(ago);
        ObjectNode summary =
                TestJson.object("{'depth':'existence','outcome':'%s'}".formatted(incomplete > 0 ? "findings" : "ok"));
        summary.put("startedAt", ended.toString()).put("finishedAt", ended.toString());
        summary.putObject("images")
                .put("complete", complete)
                .put("incomplete", incomplete)
                .put("unknown", unknown);
        summary.putObject("severities").put("critical", incomplete);
        ObjectNode record = TestJson.object("{}");
        record.set("summary", summary);
        record.put("finishedAt", ended.toString());
        new MetadataStore(bucket).put(LastVerification.KEY, record.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "132 | 0 | 0 | All 132 images can be restored, as verified 3 h ago.",
                "130 | 2 | 0 | 2 of 132 images cannot be restored, as verified 3 h ago.",
                "1 | 0 | 0 | The one image can be restored, as verified 3 h ago.",
                "0 | 0 | 0 | The backup has no images, as verified 3 h ago.",
                "9 | 0 | 3 | 9 of 12 images can be restored, 3 unknown, as verified 3 h ago.",
                "10000 | 1 | 0 | 1 of 10,001 images cannot be restored, as verified 3 h ago.",
            })
    void aSentenceSaysWhetherEverythingCanBeRestored(int complete, int incomplete, int unknown, String sentence) {
        // Given
        verified(Duration.ofHours(3), complete, incomplete, unknown);

        // When
        String text = overview();

        // Then
        assertTrue(text.contains(sentence), text);
    }

    @Test
    void withoutAVerificationRestorabilityIsUnknown() {
        // When
        String text = overview();

        // Then
        assertTrue(
                text.contains("It is unknown whether everything can be restored: nothing has been verified yet"), text);
        assertTrue(text.contains("registry-backup verify --all"), text);
        assertTrue(text.contains("The catalog is empty"), text);
        assertFalse(text.contains("can be restored, as verified"), text);
    }

    @Test
    void anOldVerificationIsAWarning() {
        // Given
        verified(Duration.ofHours(25), 5, 0, 0);

        // When
        Page page = page("/", Map.of());

        // Then
        assertTrue(text(page).contains("more than a day old"), page::html);
        assertTrue(page.html().contains("<div class=\"verdict warn\">"), page::html);
    }

    @Test
    void lastKnownValuesAreShownWithTheirTimeWhileTheStoreDoesNotAnswer() {
        // Given
        verified(Duration.ofHours(1), 5, 0, 0);
        overview();
        clock.advance(Duration.ofMinutes(7));
        failRequests();

        // When
        Page page = page("/", Map.of());

        // Then
        String text = text(page);
        assertEquals(200, page.status());
        assertTrue(text.contains("All 5 images can be restored, as verified 1 h ago."), text);
        assertTrue(text.contains("The backup could not be read: no answer"), text);
        assertTrue(text.contains("The values below are those read on 2026-03-04 05:06 UTC (7 min ago)"), text);
    }

    @Test
    void nothingIsShownAsGoodIfTheStoreNeverAnswered() {
        // Given
        failRequests();

        // When
        Page page = page("/", Map.of());

        // Then
        String text = text(page);
        assertEquals(200, page.status());
        assertTrue(
                text.contains("It is unknown whether everything can be restored: the record could not be read"), text);
        assertTrue(text.contains("never been read by this process"), text);
        assertFalse(text.contains("✓"), text);
        assertEquals(1, backup.requests().size(), "No more requests to a store that does not answer");
    }

    private void failRequests() {
        backup.clearRequests();
        backup.beforeRequest((operation, key) -> {
            throw new ObjectStoreException(StoreError.UNAVAILABLE, "no answer");
        });
    }

    @Test
    void manyViewersCauseOneRead() {
        // Given
        overview();
        backup.clearRequests();

        // When
        for (int viewer = 0; viewer < 50; viewer++) {
            overview();
        }

        // Then
        assertEquals(0, backup.requests().size());
        clock.advance(ReadCache.TTL);
        overview();
        assertTrue(backup.requests().size() > 0);
    }

    @Test
    void acknowledgedFindingsShowAsSuch() {
        // Given
        verified(Duration.ofHours(1), 5, 0, 0);
        new MetadataStore(bucket).update(LastVerification.KEY, record -> {
            record.withObject("summary").putObject("findings").put("ACKNOWLEDGED", 2);
            return record;
        });

        // When
        String text = overview();

        // Then
        assertTrue(text.contains("No findings, 2 acknowledged"), text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 | All of its images were restored and read back; a restore of everything would take about 3 h",
                "2 | 2 images could not be restored; a restore of everything would take about 3 h",
            })
    void theLastRestoreDrillShowsWithTheTimeThatEverythingWouldTake(int failed, String shown) {
        // Given
        boolean isBefore = overview().matches(".*Last restore drill.{0,30}There was none yet.*");
        new MetadataStore(bucket)
                .put(
                        LastDrill.KEY,
                        "{\"finishedAt\":\"%s\",\"failed\":%d,\"expectedRestoreSeconds\":11000.5}"
                                .formatted(clock.instant(), failed));
        clock.advance(Duration.ofMinutes(5));

        // When
        String text = overview();

        // Then
        assertTrue(isBefore);
        assertTrue(text.contains(shown), text);
    }

    @Test
    void pendingAndRejectedKeysShow() {
        // Given
        MetadataStore records = new MetadataStore(bucket);
        records.put("registry-backup/pending/pod-1/000000000001", "{}");
        clock.advance(Duration.ofMinutes(40));
        records.put("registry-backup/pending/pod-1/000000000002", "{}");
        records.put("registry-backup/pending/pod-1/heartbeat", "{}");
        records.put("registry-backup/rejected/ab", "{}");

        // When
        String text = overview();

        // Then
        assertTrue(
                text.contains("2 records of pending keys" + "the oldest since 2026-03-04 05:06 UTC (40 min ago)"),
                text);
        assertTrue(text.contains("1 record under registry-backup/rejected/"), text);
    }

    @Test
    void anAlarmShowsTheCommandThatAcknowledgesIt() {
        // Given
        new Alarms(bucket, clock).raise("vanished", "9 of 10 went");

        // When
        String text = overview();

        // Then
        assertTrue(text.contains("9 of 10 went"), text);
        assertTrue(text.contains("registry-backup reconcile --acknowledge vanished-20260304T050607Z"), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/page/repositories",
                "/page/repository",
                "/page/image",
                "/page/operations",
                "/page/operation"
            })
    void valuesOfRecordsAreEscapedOnEachPage(String path) {
        // Given
        new Alarms(bucket, clock).raise("vanished", HOSTILE);
        new MetadataStore(bucket)
                .put(
                        DailyHistory.PREFIX + "reconcile",
                        new ObjectMapper()
                                .createObjectNode()
                                .put(HOSTILE, HOSTILE)
                                .toString());
        ObjectNode document = document();
        document.put("repository", HOSTILE);
        ((ObjectNode) document.at("/tags/0")).put("tag", HOSTILE);
        ((ObjectNode) document.at("/images/0")).put("mediaType", HOSTILE).put("created", HOSTILE);
        ((ArrayNode) document.at("/images/0/missing")).add(HOSTILE);
        answers.repository(document);
        ObjectNode listed = TestJson.object("{}");
        listed.putArray("repositories").addObject().put("repository", HOSTILE).put("problem", HOSTILE);
        listed.put("next", HOSTILE);
        answers.repositories(listed);
        ObjectNode operation = TestJson.object("{'state':'running','kind':'verify'}");
        operation
                .put("id", HOSTILE)
                .put("requestedBy", HOSTILE)
                .put("reason", HOSTILE)
                .put("phase", HOSTILE);
        operation.putObject("parameters").put("scope", HOSTILE);
        operation.putObject("summary").put("x", HOSTILE);
        ObjectNode findings = operation.putObject("findings");
        findings.putObject("counts").put(HOSTILE, 1);
        findings.putArray("first")
                .addObject()
                .put("code", HOSTILE)
                .put("subject", HOSTILE)
                .put("problem", HOSTILE);
        answers.operation(operation);
        ObjectNode operations = TestJson.object("{}");
        operations.putArray("operations").add(operation);
        answers.operations(operations);

        // When
        Page page = page(path, Map.of("name", "demo/app", "tag", HOSTILE, "id", HOSTILE));

        // Then
        assertEquals(200, page.status());
        assertTrue(page.html().contains("&lt;script&gt;"), page::html);
        assertFalse(page.html().contains("<script"), page::html);
        assertFalse(page.html().contains("<img"), page::html);
        assertFalse(page.html().contains("\"'>"), page::html);
    }

    @Test
    void valuesOfRequestsAreEscaped() {
        // When
        Page login = pages.login(401, HOSTILE, HOSTILE);
        Page none = page("/page/" + HOSTILE, Map.of());
        Page nothing = page("/page/repository", Map.of("name", "x", "more", HOSTILE));

        // Then
        assertFalse((login.html() + none.html() + nothing.html()).contains("<script"));
        assertFalse((login.html() + none.html() + nothing.html()).contains("<img"));
        assertEquals(404, none.status());
        assertEquals(404, nothing.status());
    }

    private static ObjectNode document() {
        ObjectNode document = TestJson.object(
                "{'repository':'demo/app','at':'2026-03-04T05:00:00Z','counts':{'images':2,'tags':1,'restorable':1,'size':3145728},"
                        + "'images':[{'size':5,'restorable':false,'tags':['v1'],'missing':['sha256:gone'],"
                        + "'platforms':[{'os':'linux','architecture':'arm64'}]},"
                        + "{'digest':'sha256:good','size':5,'restorable':true,'tags':[]}],"
                        + "'tags':[{'tag':'v1','time':'2026-03-01T00:00:00Z','history':[]}]}");
        ((ObjectNode) document.at("/images/0")).put("digest", DIGEST);
        ((ObjectNode) document.at("/tags/0")).put("digest", DIGEST);
        return document;
    }

    @Test
    void aRepositoryShowsTheStateOfEachTagAndTheCommandToRestore() {
        // Given
        answers.repository(document());

        // When
        String text = text(page("/page/repository", Map.of("name", "demo/app")));

        // Then
        assertTrue(text.contains("1 of 2 images can be restored. 1 tag, 3.0 MiB."), text);
        assertTrue(text.contains("Cannot be restored: missing 1 blob"), text);
        assertTrue(text.contains("linux/arm64"), text);
        assertTrue(text.contains("registry-backup restore --repository demo/app"), text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "registry-backup | kubectl registry-backup",
                "registry-backup-eu | kubectl registry-backup -n registry-backup-eu",
            })
    void inAClusterTheCommandsAreThoseOfThePluginForThisNamespace(String namespace, String plugin) {
        // Given
        Pages inCluster = new Pages(backup, answers, Optional.of(namespace), true, workerPools, clock);
        new Alarms(bucket, clock).raise("vanished", "9 of 10 went");
        answers.repository(document());

        // When
        String overview =
                text(inCluster.render(new Pages.Request("/", Map.of(), false)).join());
        String repository = text(inCluster
                .render(new Pages.Request("/page/repository", Map.of("name", "demo/app"), false))
                .join());

        // Then
        assertTrue(overview.contains("Verify the backup: " + plugin + " verify --all --watch"), overview);
        assertTrue(overview.contains(plugin + " reconcile --acknowledge vanished-20260304T050607Z --watch"), overview);
        assertTrue(overview.contains(plugin + " restore --all --watch"), overview);
        assertTrue(repository.contains(plugin + " restore --repository demo/app --watch"), repository);
        assertTrue(repository.contains("If the ImageStreams are lost too, add --image-streams status"), repository);
        assertFalse((overview + repository).contains("curl"), overview);
    }

    @Test
    void anImageShowsItsMissingBlobs() {
        // Given
        answers.repository(document());

        // When
        String byTag = text(page("/page/image", Map.of("name", "demo/app", "tag", "v1")));
        String byDigest = text(page("/page/image", Map.of("name", "demo/app", "digest", "sha256:good")));

        // Then
        assertTrue(byTag.contains("sha256:gone"), byTag);
        assertTrue(byTag.contains("registry-backup restore --image demo/app:v1"), byTag);
        assertTrue(byDigest.contains("Can be restored."), byDigest);
        assertTrue(byDigest.contains("--image demo/app@sha256:good"), byDigest);
    }

    @Test
    void manyTagsAreShownPageByPage() {
        // Given
        ObjectNode document = document();
        ArrayNode tags = document.putArray("tags");
        for (int number = 0; number < RepositoryData.MAX_IMAGES + 1; number++) {
            tags.addObject().put("tag", "v%04d".formatted(number)).put("digest", DIGEST);
        }
        answers.repository(document);

        // When
        Page first = page("/page/repository", Map.of("name", "demo/app"));
        Page last = page("/page/repository", Map.of("name", "demo/app", "after", "v0199"));

        // Then
        assertTrue(first.html().contains("/page/repository?name=demo%2Fapp&amp;after=v0199"), first::html);
        assertFalse(first.html().contains(">v0200<"));
        assertTrue(last.html().contains(">v0200<"));
        assertFalse(last.html().contains(">v0199<"));
        assertFalse(last.html().contains("rel=\"next\""));
    }

    @Test
    void theCatalogLinksToItsNextPage() {
        // Given
        answers.repositories(TestJson.object("{'repositories':[{'repository':'a/b','images':4,'restorable':3,'tags':2,"
                + "'size':2048,'at':'2026-03-04T05:00:00Z'}],'next':'a/b'}"));

        // When
        Page page = page("/page/repositories", Map.of());

        // Then
        assertTrue(text(page).contains("3 of 4"), page::html);
        assertTrue(page.html().contains("href=\"/page/repositories?after=a%2Fb\""), page::html);
    }

    @Test
    void onlyARunningOperationReloads() {
        // Given
        answers.operation(TestJson.object("{'id':'x','state':'running','kind':'restore','objects':{'done':1,'total':4},"
                + "'bytes':{'done':30,'total':60}}"));
        Page running = page("/page/operation", Map.of("id", "x"));
        answers.operation(TestJson.object("{'id':'y','state':'succeeded','kind':'restore'}"));

        // When
        Page done = page("/page/operation", Map.of("id", "y"));

        // Then
        assertTrue(running.html().contains("http-equiv=\"refresh\""));
        assertTrue(text(running).contains("50 %"));
        assertFalse(done.html().contains("http-equiv=\"refresh\""));
    }

    @Test
    void anInvalidNameIsABadRequest() {
        // When
        Page page = page("/page/repository", Map.of("name", "no name"));

        // Then
        assertEquals(400, page.status());
        assertTrue(text(page).contains("&quot;no name&quot; is not a repository name"), page::html);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {"demo/app:v1 | demo/app:v1", "a b | 'a b'", "it's | 'it'\\''s'", "$(x) | '$(x)'"})
    void aValueIsQuotedAsOneWordOfTheShell(String text, String quoted) {
        // When
        String word = ShellCommands.quoted(text);

        // Then
        assertEquals(quoted, word);
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S, 0 s ago",
        "PT59S, 59 s ago",
        "PT61S, 1 min ago",
        "PT3H, 3 h ago",
        "PT49H, 2 days ago",
        "PT-30S, just now",
        "PT-2H, in 2 h"
    })
    void anAgeIsFormattedForPeople(Duration passed, String said) {
        // When
        String ago = Formats.ago(SettableClock.START.minus(passed), SettableClock.START);

        // Then
        assertEquals(said, ago);
    }

    private void history(String subject, String days) {
        new MetadataStore(bucket)
                .put(DailyHistory.PREFIX + subject, TestJson.object(days).toString());
    }

    @Test
    void theHistorySaysInASentenceWhetherLastNightWasFine() {
        // Given
        history("reconcile", "{'2026-03-03':{'runs':4,'complete':4,'missedByEvents':0,'longestSeconds':130}}");
        history("verify", "{'2026-03-03':{'images':{'complete':132,'incomplete':0,'unknown':0}}}");
        history("replication", "{'2026-03-03':{'121':990,'1113':10}}");

        // When
        Page page = page("/", Map.of());

        // Then
        String text = text(page);
        assertTrue(
                text.contains(
                        "✓ Good since 2026-03-03, 00:00 UTC: 132 of 132 images can be restored; 4 reconciliations, all"
                                + " complete; 0 objects missed by events; 1,000 objects by events, p99 121 ms, p50 121"
                                + " ms."),
                text);
        assertTrue(text.contains("Longest reconciliation of the day2026-03-03: 2 min, 4 of 4 complete"), text);
        assertEquals(7, page.html().split("<rect ").length, page::html);
        assertFalse(text.contains("ImageStream"), text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'managed':40,'restorable':40,'unrestorable':0} | Good | 40 of 40 ImageStream items",
                "{'managed':40,'restorable':39,'unrestorable':0} | Warning | 39 of 40 ImageStream items",
                "{'managed':40,'restorable':39,'unrestorable':1} | Bad | 39 of 40 ImageStream items",
            })
    void onOpenShiftTheHistoryHasTheItemsOfImageStreams(String items, String word, String counted) {
        // Given
        history("reconcile", "{'2026-03-03':{'runs':4,'complete':4}}");
        history(
                "verify",
                "{'2026-03-02':{'images':{'complete':1}},'2026-03-03':{'images':{'complete':2},'imageStreams':%s}}"
                        .formatted(items));

        // When
        Page page = page("/", Map.of());

        // Then
        String text = text(page);
        assertTrue(
                text.contains(word + " since 2026-03-03, 00:00 UTC: 2 of 2 images and " + counted + " can be restored"),
                text);
        assertTrue(text.contains("Share of ImageStream items that can be restored2026-03-03: " + counted), text);
        assertEquals(1 + 2 + 1 + 2, page.html().split("<rect ").length, page::html);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'images':5,'failed':0,'bytesPerSecond':2097152.5,'expectedRestoreSeconds':11000.5} | Good |"
                        + " 5 images restored | about 3 h, 2.0 MiB a second",
                "{'images':5,'failed':2} | Bad | 2 images could not be restored | 2 images could not be restored",
            })
    void theHistoryHasWhatDrillsMeasured(String drilled, String word, String inSentence, String inChart) {
        // Given
        history("reconcile", "{'2026-03-03':{'runs':4,'complete':4}}");
        history("verify", "{'2026-03-03':{'images':{'complete':2}}}");
        history("drill", "{'2026-03-03':%s}".formatted(drilled));

        // When
        String text = overview();

        // Then
        assertTrue(
                Pattern.compile(word + " since 2026-03-03, 00:00 UTC: [^.]*; restore drill: " + inSentence + "\\.")
                        .matcher(text)
                        .find(),
                text);
        assertTrue(text.contains("Restore of everything, by drills2026-03-03: " + inChart), text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'runs':4,'complete':3,'missedByEvents':0} | {'complete':5} | Warning | 4 reconciliations, 1"
                        + " incomplete",
                "{'runs':1,'complete':1,'missedByEvents':2} | {'complete':5} | Warning | 2 objects missed by events",
                "{'runs':1,'complete':1,'missedByEvents':0} | {'complete':4,'unknown':1} | Warning | 4 of 5 images can"
                        + " be restored",
                "{'runs':1,'complete':1,'missedByEvents':0} | {'complete':4,'incomplete':1} | Bad | 4 of 5 images can"
                        + " be restored",
            })
    void aBadNightIsMarked(String reconciled, String images, String word, String part) {
        // Given
        history("reconcile", "{'2026-03-04':%s}".formatted(reconciled));
        history("verify", "{'2026-03-03':{'images':{'complete':5}},'2026-03-04':{'images':%s}}".formatted(images));

        // When
        String text = overview();

        // Then
        assertTrue(
                Pattern.compile(word + " since 2026-03-03, 00:00 UTC: [^.]*" + part)
                        .matcher(text)
                        .find(),
                text);
    }

    @Test
    void withoutRunsSinceYesterdayTheNightWasNotFine() {
        // Given
        history("reconcile", "{'2026-03-01':{'runs':4,'complete':4}}");

        // When
        String text = overview();

        // Then
        assertTrue(
                text.contains("Warning since 2026-03-03, 00:00 UTC: no verification of everything; no reconciliation; "
                        + "no objects by events."),
                text);
    }

    @Test
    void aHistoryThatCouldNotBeReadIsUnknown() {
        // Given
        failRequests();

        // When
        String text = overview();

        // Then
        assertTrue(text.contains("Unknown since 2026-03-03, 00:00 UTC: some of the figures could not be read."), text);
    }
}
