package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerifierScopesTest {
    private static final String APP = "team/app";

    private final RandomRegistry registry = new RandomRegistry(2);
    private final Digest layer = registry.layer(APP, 2000);
    private final Digest child = registry.image(APP, layer);
    private final Digest index = registry.index(APP, child);
    private final Digest neighbour = registry.image("team/neighbour", registry.layer("team/neighbour", 100));
    private final Digest stranger = registry.image("others/app", registry.layer("others/app", 100));
    private final Digest below = registry.image(APP + "/below", registry.layer(APP + "/below", 100));

    @AutoClose
    private final VerifierFixture fixture = createFixture();

    private VerifierFixture createFixture() {
        registry.tag(APP, "latest", index);
        return new VerifierFixture(registry);
    }

    private static String request(String scope, String depth) {
        return "{\"store\":\"registry\",\"scope\":%s,\"depth\":\"%s\"}".formatted(scope, depth);
    }

    private void damageAll() {
        for (Digest manifest : List.of(neighbour, stranger, below)) {
            fixture.corrupt(registry.blobKey(manifest));
        }
        fixture.corrupt(registry.blobKey(layer));
    }

    @Test
    void aNamespaceIsAllBelowIt() {
        // Given
        damageAll();

        // When
        VerifySummary verifySummary = fixture.verify(request("{\"namespace\":\"team\"}", "content"));

        // Then
        assertEquals(mismatches(layer, neighbour, below), fixture.findings());
        assertEquals(4, verifySummary.images().incomplete());
        assertEquals(0, verifySummary.images().complete());
    }

    private static Set<String> mismatches(Digest... blobs) {
        return Set.of(blobs).stream()
                .map(blob -> "BLOB_DIGEST_MISMATCH " + blob)
                .collect(Collectors.toSet());
    }

    @Test
    void aRepositoryIsNotWhatIsBelowItsName() {
        // Given
        damageAll();

        // When
        fixture.verify(request("{\"repository\":\"team/app\"}", "content"));

        // Then
        assertEquals(mismatches(layer), fixture.findings());
    }

    @Test
    void unknownObjectsAndUploadsOfARepositoryAreFoundWithIt() {
        // Given
        String repository = registry.layout().repositoriesPrefix() + "team/app/";
        fixture.bucket.seed(repository + "_notes", new byte[0]);
        fixture.bucket.seed(repository + "_uploads/5d2c/startedat", new byte[0]);
        fixture.bucket.seed(registry.layout().repositoriesPrefix() + "others/_notes", new byte[0]);
        fixture.clock.advance(Duration.ofDays(8));

        // When
        fixture.verify(request("{\"repository\":\"team/app\"}", "existence"));

        // Then
        assertEquals(
                Set.of("UNKNOWN_OBJECT " + repository + "_notes", "STALE_UPLOAD " + repository + "_uploads/5d2c/"),
                fixture.findings());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tag", "digest"})
    void anImageIsAllThatItLeadsTo(String how) {
        // Given
        fixture.corrupt(registry.blobKey(neighbour));
        fixture.corrupt(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = fixture.verify(request(image(how), "content"));

        // Then
        assertEquals(mismatches(layer), fixture.findings());
        assertEquals(2, verifySummary.images().incomplete());
    }

    private String image(String how) {
        return "{\"image\":\"team/app%s\"}".formatted(how.equals("tag") ? ":latest" : "@" + index);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tag", "digest"})
    void theLinksThatAnImageNeedsAreVerifiedWithIt(String how) {
        // Given
        fixture.remove(registry.layerLink(APP, layer));
        fixture.bucket.seed(registry.revisionLink(APP, child), new byte[0]);

        // When
        fixture.verify(request(image(how), "existence"));

        // Then
        assertEquals(
                Set.of(
                        "LAYER_LINK_MISSING " + registry.layerLink(APP, layer),
                        "LINK_EMPTY " + registry.revisionLink(APP, child)),
                fixture.findings());
    }

    @Test
    void aTagWhoseRevisionIsGoneDangles() {
        // Given
        fixture.remove(registry.revisionLink(APP, index));

        // When
        fixture.verify(request(image("tag"), "existence"));

        // Then
        assertEquals(Set.of("TAG_DANGLING team/app:latest"), fixture.findings());
    }

    @Test
    void anImageIsVerifiedWithoutListingTheStore() {
        // When
        fixture.verify(request(image("digest"), "existence"));

        // Then
        assertEquals(
                List.of(registry.revisionLink(APP, index), registry.layout().blobsPrefix()),
                fixture.store.keysOf(Operation.LIST));
    }

    @Test
    void oneBlobIsAskedForAlone() {
        // Given
        damageAll();

        // When
        VerifySummary verifySummary = fixture.verify(request("{\"digest\":\"%s\"}".formatted(layer), "content"));

        // Then
        assertEquals(mismatches(layer), fixture.findings());
        assertEquals(2000, verifySummary.bytes());
    }

    @Test
    void oneBlobThatIsNotThereIsMissing() {
        // Given
        Digest absent = Digest.of(DigestAlgorithm.SHA256, registry.bytes(10));

        // When
        fixture.verify(request("{\"digest\":\"%s\"}".formatted(absent), "content"));

        // Then
        assertEquals(Set.of("BLOB_MISSING " + absent), fixture.findings());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"namespace\":\"nobody\"}",
                "{\"repository\":\"team/nothing\"}",
                "{\"image\":\"team/app:slip\"}"
            })
    void aNameThatNothingHasIsNotReportedAsGood(String scope) {
        // When
        VerifySummary verifySummary = fixture.verify(request(scope, "existence"));

        // Then
        assertEquals(Set.of("UNDETERMINED " + scope), fixture.findings());
        assertEquals("unknown", verifySummary.outcome());
    }
}
