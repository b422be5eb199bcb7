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
import dev.registrybackup.replication.BlockedLinks.BlockCause;
import dev.registrybackup.replication.BlockedLinks.LinkState;
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
    private static final Digest DEPENDENCY = new Digest(DigestAlgorithm.SHA256, "a".repeat(64));
    private static final Digest SHA512_DEPENDENCY = new Digest(DigestAlgorithm.SHA512, "b".repeat(128));
    private static final String METADATA_PREFIX = "registry-backup/";

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final BlockedLinks links = new BlockedLinks(backup, clock);

    @Test
    void aRecordsKeySaysWhichLinkWaitsForWhatAndWhy() {
        // When
        links.update(LINK, Set.of(partial(DEPENDENCY), blocked(SHA512_DEPENDENCY)));

        // Then
        assertEquals(
                List.of(
                        "registry-backup/blocked/sha512/" + "b".repeat(128) + "/" + LINK,
                        "registry-backup/partial/sha256/" + "a".repeat(64) + "/" + LINK),
                bucket.keys(METADATA_PREFIX));
    }

    @Test
    void aRecordIsReadableForPeople() {
        // When
        links.update(LINK, Set.of(partial(DEPENDENCY)));

        // Then
        String record = new String(bucket.bytes(bucket.keys(METADATA_PREFIX).get(0)), StandardCharsets.UTF_8);
        assertEquals(
                "{\"recordedAt\":\"2026-03-04T05:06:07Z\",\"link\":\"%s\",\"dependency\":\"%s\",\"problem\":\"missing\"}"
                        .formatted(LINK, DEPENDENCY),
                record);
    }

    @Test
    void linksAreKnownByThePartTheyWaitFor() {
        // When
        links.update(LINK, Set.of(partial(DEPENDENCY), blocked(SHA512_DEPENDENCY)));
        links.update(OTHER_LINK, Set.of(partial(DEPENDENCY)));

        // Then
        assertEquals(Set.of(LINK, OTHER_LINK), links.linksWaitingFor(DEPENDENCY));
        assertEquals(Set.of(LINK), links.linksWaitingFor(SHA512_DEPENDENCY));
        assertEquals(Set.of(DEPENDENCY, SHA512_DEPENDENCY), links.dependencies());
    }

    @Test
    void anUpdateAddsWhatIsNewAndRemovesWhatIsNoLongerWaitedFor() {
        // Given
        links.update(LINK, Set.of(partial(DEPENDENCY)));
        backup.clearRequests();

        // When
        links.update(LINK, Set.of(blocked(SHA512_DEPENDENCY)));

        // Then
        assertEquals(
                List.of("registry-backup/blocked/sha512/" + "b".repeat(128) + "/" + LINK),
                bucket.keys(METADATA_PREFIX));
        assertEquals(Set.of(), links.linksWaitingFor(DEPENDENCY));
        assertEquals(Set.of(SHA512_DEPENDENCY), links.dependencies());
    }

    @Test
    void aLinkThatBecomesBlockedIsNoLongerPartial() {
        // Given
        links.update(LINK, Set.of(partial(DEPENDENCY)));

        // When
        links.update(LINK, Set.of(blocked(DEPENDENCY)));

        // Then
        assertEquals(List.of(), bucket.keys(LinkState.PARTIAL.prefix()));
        assertEquals(1, bucket.keys(LinkState.BLOCKED.prefix()).size());
        assertEquals(1, bucket.versionCount(METADATA_PREFIX));
        assertEquals(Set.of(LINK), links.linksWaitingFor(DEPENDENCY));
    }

    @Test
    void aLinkWithoutReasonsLeavesNoVersionsWhoeverRecordedIt() {
        // Given
        links.update(LINK, Set.of(partial(DEPENDENCY), blocked(SHA512_DEPENDENCY)));
        new BlockedLinks(bucket, clock).update(OTHER_LINK, Set.of(partial(DEPENDENCY)));
        links.refresh();

        // When
        links.update(LINK, Set.of());
        links.update(OTHER_LINK, Set.of());

        // Then
        assertEquals(0, bucket.versionCount(METADATA_PREFIX));
        assertEquals(Set.of(), links.dependencies());
    }

    @Test
    void oneLinksEndLeavesTheOthersWaiting() {
        // Given
        links.update(LINK, Set.of(partial(DEPENDENCY)));
        links.update(OTHER_LINK, Set.of(partial(DEPENDENCY)));

        // When
        links.update(LINK, Set.of());

        // Then
        assertEquals(Set.of(OTHER_LINK), links.linksWaitingFor(DEPENDENCY));
        assertEquals(1, bucket.keys(METADATA_PREFIX).size());
    }

    @Test
    void aReasonThatIsKnownIsNotWrittenAgain() {
        // Given
        links.update(LINK, Set.of(partial(DEPENDENCY)));
        backup.clearRequests();

        // When
        links.update(LINK, Set.of(new BlockCause(LinkState.PARTIAL, DEPENDENCY, "absent, in other words")));

        // Then
        assertEquals(List.of(), backup.requests());
    }

    @Test
    void aReasonThatAnotherInstanceRecordedIsNotWrittenAgain() {
        // Given
        new BlockedLinks(bucket, clock).update(LINK, Set.of(partial(DEPENDENCY)));

        // When
        links.update(LINK, Set.of(partial(DEPENDENCY)));

        // Then
        assertEquals(1, bucket.versionCount(METADATA_PREFIX));
        assertEquals(Set.of(LINK), links.linksWaitingFor(DEPENDENCY));
    }

    @Test
    void aRefreshReadsWhatAnotherInstanceRecordedAndDeleted() {
        // Given
        BlockedLinks another = new BlockedLinks(bucket, clock);
        another.update(LINK, Set.of(partial(DEPENDENCY)));
        links.refresh();
        Set<String> recorded = links.linksWaitingFor(DEPENDENCY);
        another.update(LINK, Set.of());

        // When
        links.refresh();

        // Then
        assertEquals(Set.of(LINK), recorded);
        assertEquals(Set.of(), links.dependencies());
        assertFalse(links.isPartial());
    }

    @Test
    void aWriteThatFailsIsAFailureAndIsMadeUpForTheNextTime() {
        // Given
        backup.failOn(Operation.PUT, "", StoreError.UNAVAILABLE, "The store is down");
        assertThrows(ObjectStoreException.class, () -> links.update(LINK, Set.of(partial(DEPENDENCY))));
        backup.heal();

        // When
        links.update(LINK, Set.of(partial(DEPENDENCY)));

        // Then
        assertEquals(1, bucket.keys(METADATA_PREFIX).size());
    }

    @Test
    void aListingThatFailsCostsNothingThatWasKnown() {
        // Given
        links.update(LINK, Set.of(partial(DEPENDENCY)));
        backup.failAlways(StoreError.UNAVAILABLE, "The store is down");

        // When
        assertThrows(ObjectStoreException.class, links::refresh);

        // Then
        assertEquals(Set.of(LINK), links.linksWaitingFor(DEPENDENCY));
    }

    @Test
    void recordsWrittenDuringARefreshStayKnown() {
        // Given
        backup.beforeRequest((operation, prefix) -> {
            if (operation == Operation.LIST && prefix.equals(LinkState.BLOCKED.prefix())) {
                links.update(LINK, Set.of(partial(DEPENDENCY)));
            }
        });

        // When
        links.refresh();

        // Then
        assertEquals(1, bucket.keys(METADATA_PREFIX).size());
        assertEquals(Set.of(LINK), links.linksWaitingFor(DEPENDENCY));
    }

    @Test
    void howManyAreKnownIsBounded() {
        // When
        IntStream.range(0, 20_010).forEach(number -> links.update(LINK + number, Set.of(partial(DEPENDENCY))));

        // Then
        assertEquals(20_000, links.linksWaitingFor(DEPENDENCY).size());
        assertTrue(links.isPartial());
    }

    @Test
    void ownRecordsBeyondTheListingStayKnown() {
        // Given
        links.update(LINK, Set.of(partial(DEPENDENCY)));
        crowd();

        // When
        links.refresh();

        // Then
        assertTrue(links.isPartial());
        assertEquals(Set.of(LINK), links.linksWaitingFor(DEPENDENCY));
    }

    @Test
    void recordsBeyondTheListingAreFoundByTheirDependency() {
        // Given
        new BlockedLinks(bucket, clock).update(LINK, Set.of(partial(DEPENDENCY), blocked(SHA512_DEPENDENCY)));
        crowd();
        links.refresh();

        // When
        links.addToIndex(DEPENDENCY);
        links.update(LINK, Set.of());

        // Then
        assertEquals(List.of(), bucket.keys("registry-backup/partial/sha256/" + DEPENDENCY.hex()));
    }

    @Test
    void everyRecordIsHandedOutAndGoesIfItsLinkWaitsNoMore() {
        // Given
        new BlockedLinks(bucket, clock).update(LINK, Set.of(partial(DEPENDENCY), blocked(SHA512_DEPENDENCY)));
        crowd();
        bucket.seed("registry-backup/partial/readme", new byte[0]);
        Set<String> judged = new TreeSet<>();

        // When
        links.forEach(some -> {
            judged.addAll(some);
            some.forEach(link -> links.update(link, link.equals(LINK) ? Set.of(blocked(SHA512_DEPENDENCY)) : Set.of()));
        });

        // Then
        assertEquals(10_002, judged.size());
        assertEquals(
                List.of(
                        "registry-backup/blocked/sha512/" + SHA512_DEPENDENCY.hex() + "/" + LINK,
                        "registry-backup/partial/readme"),
                bucket.keys(METADATA_PREFIX));
    }

    /** More records than a refresh lists, of a dependency that is listed first. */
    private void crowd() {
        Digest first = new Digest(DigestAlgorithm.SHA256, "0".repeat(64));
        IntStream.rangeClosed(0, 10_000)
                .forEach(number -> bucket.seed(
                        "registry-backup/partial/sha256/%s/link%05d".formatted(first.hex(), number), new byte[0]));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "registry-backup/partial/readme",
                "registry-backup/partial/md5/abc/some/link",
                "registry-backup/partial/sha256/abc/some/link",
                "registry-backup/partial/sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/a/link",
            })
    void anObjectThatIsNoRecordOfOursIsPassedOver(String key) {
        // Given
        bucket.seed(key, new byte[0]);
        new BlockedLinks(bucket, clock).update(LINK, Set.of(partial(DEPENDENCY)));

        // When
        links.refresh();

        // Then
        assertEquals(Set.of(DEPENDENCY), links.dependencies());
    }

    private static BlockCause partial(Digest part) {
        return new BlockCause(LinkState.PARTIAL, part, "missing");
    }

    private static BlockCause blocked(Digest part) {
        return new BlockCause(LinkState.BLOCKED, part, "corrupt");
    }
}
