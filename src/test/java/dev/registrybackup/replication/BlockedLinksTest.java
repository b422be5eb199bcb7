package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.replication.BlockedLinks.Reason;
import dev.registrybackup.replication.BlockedLinks.Waiting;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockedLinksTest {
    private static final String LINK = "docker/registry/v2/repositories/shop/cart/_manifests/tags/v1/current/link";
    private static final String OTHER_LINK = "docker/registry/v2/repositories/shop/cart/_layers/sha256/aa/link";
    private static final Digest PART = new Digest(DigestAlgorithm.SHA256, "a".repeat(64));
    private static final Digest LONG_PART = new Digest(DigestAlgorithm.SHA512, "b".repeat(128));
    private static final String BOOKKEEPING = "registry-backup/";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final BlockedLinks links = new BlockedLinks(backup, clock);

    @Test
    void aRecordsKeySaysWhichLinkWaitsForWhatAndWhy() {
        // When
        links.update(LINK, Set.of(incomplete(PART), withheld(LONG_PART)));

        // Then
        assertEquals(
                List.of(
                        "registry-backup/incomplete/sha256/" + "a".repeat(64) + "/" + LINK,
                        "registry-backup/withheld/sha512/" + "b".repeat(128) + "/" + LINK),
                bucket.keys(BOOKKEEPING));
    }

    @Test
    void aRecordTellsItsStoryToAHuman() {
        // When
        links.update(LINK, Set.of(incomplete(PART)));

        // Then
        String record = new String(bucket.bytes(bucket.keys(BOOKKEEPING).get(0)), StandardCharsets.UTF_8);
        assertEquals(
                "{\"recorded\":\"2026-03-04T05:06:07Z\",\"link\":\"%s\",\"part\":\"%s\",\"problem\":\"absent\"}"
                        .formatted(LINK, PART),
                record);
    }

    @Test
    void linksAreKnownByThePartTheyWaitFor() {
        // When
        links.update(LINK, Set.of(incomplete(PART), withheld(LONG_PART)));
        links.update(OTHER_LINK, Set.of(incomplete(PART)));

        // Then
        assertEquals(Set.of(LINK, OTHER_LINK), links.waitingFor(PART));
        assertEquals(Set.of(LINK), links.waitingFor(LONG_PART));
        assertEquals(Set.of(PART, LONG_PART), links.parts());
    }

    @Test
    void anUpdateAddsWhatIsNewAndRemovesWhatIsNoLongerWaitedFor() {
        // Given
        links.update(LINK, Set.of(incomplete(PART)));
        backup.forget();

        // When
        links.update(LINK, Set.of(withheld(LONG_PART)));

        // Then
        assertEquals(
                List.of("registry-backup/withheld/sha512/" + "b".repeat(128) + "/" + LINK), bucket.keys(BOOKKEEPING));
        assertEquals(Set.of(), links.waitingFor(PART));
        assertEquals(Set.of(LONG_PART), links.parts());
    }

    @Test
    void aLinkThatBecomesWithheldIsNoLongerIncomplete() {
        // Given
        links.update(LINK, Set.of(incomplete(PART)));

        // When
        links.update(LINK, Set.of(withheld(PART)));

        // Then
        assertEquals(List.of(), bucket.keys(Waiting.INCOMPLETE.prefix()));
        assertEquals(1, bucket.keys(Waiting.WITHHELD.prefix()).size());
        assertEquals(1, bucket.versionCount(BOOKKEEPING));
        links.update(LINK, Set.of());
        assertEquals(Set.of(), links.parts());
    }

    @Test
    void aLinkWithoutReasonsLeavesNoVersions() {
        // Given
        links.update(LINK, Set.of(incomplete(PART), withheld(LONG_PART)));
        links.update(OTHER_LINK, Set.of(incomplete(PART)));

        // When
        links.update(LINK, Set.of());
        links.update(OTHER_LINK, Set.of());

        // Then
        assertEquals(0, bucket.versionCount(BOOKKEEPING));
        assertEquals(Set.of(), links.parts());
    }

    @Test
    void oneLinksEndLeavesTheOthersWaiting() {
        // Given
        links.update(LINK, Set.of(incomplete(PART)));
        links.update(OTHER_LINK, Set.of(incomplete(PART)));

        // When
        links.update(LINK, Set.of());

        // Then
        assertEquals(Set.of(OTHER_LINK), links.waitingFor(PART));
        assertEquals(1, bucket.keys(BOOKKEEPING).size());
    }

    @Test
    void aReasonThatIsKnownIsNotWrittenAgain() {
        // Given
        links.update(LINK, Set.of(incomplete(PART)));
        backup.forget();

        // When
        links.update(LINK, Set.of(new Reason(Waiting.INCOMPLETE, PART, "absent, in other words")));

        // Then
        assertEquals(List.of(), backup.requests());
    }

    @Test
    void aReasonThatAnotherInstanceRecordedIsNotWrittenAgain() {
        // Given
        new BlockedLinks(bucket, clock).update(LINK, Set.of(incomplete(PART)));

        // When
        links.update(LINK, Set.of(incomplete(PART)));

        // Then
        assertEquals(1, bucket.versionCount(BOOKKEEPING));
        assertEquals(Set.of(LINK), links.waitingFor(PART));
    }

    @Test
    void aRefreshLearnsWhatAnotherInstanceRecordedAndRemoved() {
        // Given
        BlockedLinks another = new BlockedLinks(bucket, clock);
        another.update(LINK, Set.of(incomplete(PART)));
        links.refresh();
        Set<String> recorded = links.waitingFor(PART);
        another.update(LINK, Set.of());

        // When
        links.refresh();

        // Then
        assertEquals(Set.of(LINK), recorded);
        assertEquals(Set.of(), links.parts());
    }

    @Test
    void whatAnotherInstanceRecordedIsRemovedWithItsVersionWhenTheLinkIsComplete() {
        // Given
        new BlockedLinks(bucket, clock).update(LINK, Set.of(incomplete(PART), withheld(LONG_PART)));
        links.refresh();

        // When
        links.update(LINK, Set.of());

        // Then
        assertEquals(0, bucket.versionCount(BOOKKEEPING));
    }

    @Test
    void aWriteThatFailsIsAFailureAndIsMadeUpForTheNextTime() {
        // Given
        backup.before((operation, key) -> {
            if (operation == Operation.PUT) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
            }
        });
        assertThrows(ObjectStoreException.class, () -> links.update(LINK, Set.of(incomplete(PART))));
        backup.before((operation, key) -> {});

        // When
        links.update(LINK, Set.of(incomplete(PART)));

        // Then
        assertEquals(1, bucket.keys(BOOKKEEPING).size());
    }

    @Test
    void aListingThatFailsCostsNothingThatWasKnown() {
        // Given
        links.update(LINK, Set.of(incomplete(PART)));
        backup.before((operation, key) -> {
            throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
        });

        // When
        assertThrows(ObjectStoreException.class, links::refresh);

        // Then
        assertEquals(Set.of(LINK), links.waitingFor(PART));
    }

    @Test
    void whatIsRecordedDuringARefreshStaysKnown() {
        // Given
        backup.before((operation, prefix) -> {
            if (operation == Operation.LIST && prefix.equals(Waiting.WITHHELD.prefix())) {
                links.update(LINK, Set.of(incomplete(PART)));
            }
        });

        // When
        links.refresh();

        // Then
        assertEquals(1, bucket.keys(BOOKKEEPING).size());
        assertEquals(Set.of(LINK), links.waitingFor(PART));
    }

    @Test
    void aLinkThatBecomesWithheldForTheSamePartIsStillKnownByIt() {
        // Given
        links.update(LINK, Set.of(incomplete(PART)));

        // When
        links.update(LINK, Set.of(withheld(PART)));

        // Then
        assertEquals(Set.of(LINK), links.waitingFor(PART));
    }

    @Test
    void howManyAreKnownIsBounded() {
        // When
        IntStream.range(0, 20_010).forEach(number -> links.update(LINK + number, Set.of(incomplete(PART))));

        // Then
        assertEquals(20_000, links.waitingFor(PART).size());
        assertTrue(links.isPartial());
    }

    @Test
    void whatIsBeyondTheListingAndWasRecordedHereStaysKnown() {
        // Given
        links.update(LINK, Set.of(incomplete(PART)));
        crowd();

        // When
        links.refresh();

        // Then
        assertTrue(links.isPartial());
        assertEquals(Set.of(LINK), links.waitingFor(PART));
    }

    @Test
    void whatIsBeyondTheListingIsLearnedByItsPart() {
        // Given
        new BlockedLinks(bucket, clock).update(LINK, Set.of(incomplete(PART), withheld(LONG_PART)));
        crowd();
        links.refresh();

        // When
        links.learn(PART);
        links.update(LINK, Set.of());

        // Then
        assertEquals(List.of(), bucket.keys("registry-backup/incomplete/sha256/" + PART.hex()));
    }

    @Test
    void aListingThatTellsEverythingLeavesNothingUnknown() {
        // Given
        links.update(LINK, Set.of(incomplete(PART)));

        // When
        links.refresh();

        // Then
        assertFalse(links.isPartial());
    }

    @Test
    void everyRecordIsHandedOutAndGoesIfItsLinkWaitsNoMore() {
        // Given
        new BlockedLinks(bucket, clock).update(LINK, Set.of(incomplete(PART), withheld(LONG_PART)));
        crowd();
        bucket.seed("registry-backup/incomplete/readme", new byte[0]);
        Set<String> judged = new TreeSet<>();

        // When
        links.forEach(some -> {
            judged.addAll(some);
            some.forEach(link -> links.update(link, link.equals(LINK) ? Set.of(withheld(LONG_PART)) : Set.of()));
        });

        // Then
        assertEquals(10_002, judged.size());
        assertEquals(
                List.of(
                        "registry-backup/incomplete/readme",
                        "registry-backup/withheld/sha512/" + LONG_PART.hex() + "/" + LINK),
                bucket.keys(BOOKKEEPING));
    }

    /** More records than a listing tells, of a part before all others. */
    private void crowd() {
        Digest first = new Digest(DigestAlgorithm.SHA256, "0".repeat(64));
        IntStream.rangeClosed(0, 10_000)
                .forEach(number -> bucket.seed(
                        "registry-backup/incomplete/sha256/%s/link%05d".formatted(first.hex(), number), new byte[0]));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "registry-backup/incomplete/readme",
                "registry-backup/incomplete/md5/abc/some/link",
                "registry-backup/incomplete/sha256/abc/some/link",
                "registry-backup/incomplete/sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/a/link",
            })
    void anObjectThatIsNoRecordOfOursIsPassedOver(String key) {
        // Given
        bucket.seed(key, new byte[0]);
        new BlockedLinks(bucket, clock).update(LINK, Set.of(incomplete(PART)));

        // When
        links.refresh();

        // Then
        assertEquals(Set.of(PART), links.parts());
    }

    private static Reason incomplete(Digest part) {
        return new Reason(Waiting.INCOMPLETE, part, "absent");
    }

    private static Reason withheld(Digest part) {
        return new Reason(Waiting.WITHHELD, part, "corrupt");
    }
}
