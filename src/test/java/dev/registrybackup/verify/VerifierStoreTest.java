package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ForwardingObjectStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Verifying a store that fails, that changes meanwhile, or that supports little. */
class VerifierStoreTest {
    private static final String APP = "team/app";
    private static final String EXISTENCE = "{\"store\":\"registry\"}";
    private static final String CONTENT = "{\"store\":\"registry\",\"depth\":\"content\"}";

    private final RandomRegistry registry = new RandomRegistry(3);
    private final Digest layer = registry.layer(APP, 2000);
    private final Digest second = registry.layer(APP, 3000);
    private final Digest image = registry.image(APP, layer, second);
    private final Digest other = registry.image(APP, second);

    @AutoClose
    private final VerifierFixture fixture = createFixture();

    private VerifierFixture createFixture() {
        registry.tag(APP, "latest", image);
        registry.tag(APP, "latest", other);
        return new VerifierFixture(registry);
    }

    private void failAt(Set<String> keys) {
        fixture.store.beforeRequest((operation, key) -> {
            if (operation != Operation.LIST && keys.contains(key)) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "a test says so");
            }
        });
    }

    @Test
    void linksThatTheListingVerifiesCostNoRequest() {
        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(
                Set.of(registry.blobKey(image), registry.blobKey(other)),
                fixture.store.requests().stream()
                        .filter(asked -> asked.operation() != Operation.LIST)
                        .map(Request::key)
                        .collect(Collectors.toSet()));
    }

    @Test
    void aFullScopeListsTheStoreTwice() {
        // When
        fixture.verify(CONTENT);

        // Then
        assertEquals(2, fixture.store.keysOf(Operation.LIST).size());
    }

    @Test
    void linksOfAStoreWithoutEtagsAreRead() {
        // Given
        fixture.bucket.seed(registry.layerLink(APP, layer), new byte[71]);
        ObjectStore mute = new ForwardingObjectStore(fixture.store) {
            @Override
            @MustBeClosed
            public Stream<ObjectInfo> list(String prefix) {
                return super.list(prefix).map(VerifierStoreTest::withoutEtag);
            }
        };

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE, mute);

        // Then
        assertEquals(Set.of("LINK_MALFORMED " + registry.layerLink(APP, layer)), fixture.findings());
        assertEquals(2, verifySummary.images().complete());
        assertEquals(
                registry.keys().stream()
                        .filter(key -> registry.layout().parse(key).kind() != Kind.BLOB)
                        .collect(Collectors.toSet()),
                fixture.store.keysOf(Operation.OPEN).stream()
                        .filter(key -> registry.layout().parse(key).kind() != Kind.BLOB)
                        .collect(Collectors.toSet()));
    }

    private static ObjectInfo withoutEtag(ObjectInfo info) {
        return new ObjectInfo(info.key(), info.size(), "", info.lastModified(), Map.of(), Optional.empty());
    }

    @Test
    void aLayerThatCannotBeReadIsUnknownAndItsImageNeitherCompleteNorIncomplete() {
        // Given
        failAt(Set.of(registry.blobKey(layer)));

        // When
        VerifySummary verifySummary = fixture.verify(CONTENT);

        // Then
        assertEquals(Set.of("UNDETERMINED " + layer), fixture.findings());
        assertEquals(1, verifySummary.images().unknown());
        assertEquals(1, verifySummary.images().complete());
        assertEquals("unknown", verifySummary.outcome());
    }

    @Test
    void besideALayerThatCannotBeReadTheRestIsFound() {
        // Given
        failAt(Set.of(registry.blobKey(layer)));
        fixture.corrupt(registry.blobKey(second));

        // When
        VerifySummary verifySummary = fixture.verify(CONTENT);

        // Then
        assertEquals(Set.of("UNDETERMINED " + layer, "BLOB_DIGEST_MISMATCH " + second), fixture.findings());
        assertEquals("findings", verifySummary.outcome());
        assertTrue(verifySummary.hasUnknown());
    }

    @Test
    void aManifestThatCannotBeReadIsUnknownAndWhatItNeedsIsNoOrphan() {
        // Given
        failAt(Set.of(registry.blobKey(image)));
        fixture.clock.advance(Duration.ofDays(2));

        // When
        VerifySummary verifySummary = fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("UNDETERMINED " + image), fixture.findings());
        assertEquals(1, verifySummary.images().unknown());
    }

    @Test
    void aLinkThatCannotBeReadIsUnknown() {
        // Given
        fixture.bucket.seed(registry.tagLink(APP, "latest"), "sha256:short".getBytes(StandardCharsets.US_ASCII));
        failAt(Set.of(registry.tagLink(APP, "latest")));

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of("UNDETERMINED " + registry.tagLink(APP, "latest")), fixture.findings());
    }

    @Test
    void ifTheBulkLookupFailsBlobsAreRequestedOneByOne() {
        // Given
        fixture.remove(registry.blobKey(layer));
        fixture.store.failOn(Operation.LIST, registry.layout().blobsPrefix(), StoreError.FORBIDDEN, "a test says so");

        // When
        fixture.verify("{\"store\":\"registry\",\"scope\":{\"repository\":\"team/app\"}}");

        // Then
        assertEquals(
                Set.of("BLOB_MISSING " + layer, "LINK_DANGLING " + registry.layerLink(APP, layer)), fixture.findings());
    }

    @ParameterizedTest
    @MethodSource("hopelessErrors")
    void aStoreThatLetsNothingBeReadEndsItAfterSoManyUnknownBlobs(StoreError error, int unknown) {
        // Given
        for (int count = 0; count <= unknown; count++) {
            fixture.bucket.seed(registry.blobKey(registry.blob(registry.bytes(8))), new byte[] {1});
        }
        fixture.store.failOn(Operation.OPEN, "", error, "a test says so");

        // When
        ObjectStoreException thrown = assertThrows(ObjectStoreException.class, () -> fixture.verify(CONTENT));

        // Then
        assertEquals(error, thrown.error());
        assertEquals(unknown, fixture.findings.size());
    }

    static Stream<Arguments> hopelessErrors() {
        return Stream.of(
                Arguments.of(StoreError.UNAVAILABLE, VerifyContext.MAX_UNKNOWN),
                Arguments.of(StoreError.FORBIDDEN, VerifyContext.MAX_CONSECUTIVE_FORBIDDEN),
                Arguments.of(StoreError.BUCKET_MISSING, 0));
    }

    @Test
    void itEndsWhenItIsFenced() {
        // Given
        AtomicInteger asked = new AtomicInteger();

        // When
        assertThrows(
                FencedException.class,
                () -> fixture.verify(CONTENT, fixture.store, () -> {
                    if (asked.incrementAndGet() > 4) {
                        throw new FencedException("cancelled");
                    }
                }));

        // Then
        assertEquals(5, asked.get());
    }

    /** The store as it is, but for a listing that is older: without what was pushed since, and with what was deleted. */
    private ObjectStore withStaleListing(Set<String> pushed, Set<String> deleted) {
        Map<String, ObjectInfo> gone = new TreeMap<>();
        deleted.forEach(key -> gone.put(key, fixture.bucket.head(key).orElseThrow()));
        deleted.forEach(fixture::remove);
        return new ForwardingObjectStore(fixture.store) {
            @Override
            @MustBeClosed
            public Stream<ObjectInfo> list(String prefix) {
                Map<String, ObjectInfo> listed = new TreeMap<>(gone);
                try (Stream<ObjectInfo> now = super.list(prefix)) {
                    now.forEach(info -> listed.put(info.key(), info));
                }
                listed.keySet().removeIf(key -> !key.startsWith(prefix) || pushed.contains(key));
                return listed.values().stream();
            }
        };
    }

    @Test
    void blobsPushedSinceTheListingAreNotMissing() {
        // Given
        ObjectStore older = withStaleListing(
                Set.of(registry.blobKey(layer), registry.layerLink(APP, layer), registry.revisionLink(APP, other)),
                Set.of());

        // When
        VerifySummary verifySummary = fixture.verify(CONTENT, older);

        // Then
        assertEquals(Set.of(), fixture.findings());
        assertEquals(1, verifySummary.images().complete());
    }

    @Test
    void linksPrunedSinceTheListingAreNotDangling() {
        // Given
        ObjectStore older = withStaleListing(
                Set.of(),
                Set.of(
                        registry.blobKey(image),
                        registry.blobKey(layer),
                        registry.layerLink(APP, layer),
                        registry.revisionLink(APP, image)));

        // When
        fixture.verify(CONTENT, older);

        // Then
        assertEquals(Set.of(), fixture.findings());
    }

    @Test
    void aTagThatMovesWhileItIsReadIsReadAgain() {
        // Given
        registry.tag(APP, "other", other);
        fixture.bucket.seed(registry.tagLink(APP, "other"), registry.content(registry.tagLink(APP, "other")));
        AtomicInteger reads = new AtomicInteger();
        fixture.store.beforeRequest((operation, key) -> {
            if (operation == Operation.OPEN
                    && key.equals(registry.tagLink(APP, "other"))
                    && reads.getAndIncrement() == 0) {
                fixture.bucket.seed(key, LinkContent.of(image));
            }
        });

        // When
        fixture.verify(EXISTENCE);

        // Then
        assertEquals(Set.of(), fixture.findings());
        assertEquals(2, reads.get());
    }
}
