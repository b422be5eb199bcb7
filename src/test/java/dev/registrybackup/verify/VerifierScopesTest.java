package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.RecordingObjectStore.Request;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
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
    private final VerifierFixture verifierFixture = createFixture();

    private VerifierFixture createFixture() {
        registry.tag(APP, "latest", index);
        return new VerifierFixture(registry);
    }

    @AfterEach
    void close() {
        verifierFixture.close();
    }

    private static String request(String scope, String depth) {
        return "{\"store\":\"registry\",\"scope\":%s,\"depth\":\"%s\"}".formatted(scope, depth);
    }

    private void damageAll() {
        for (Digest manifest : List.of(neighbour, stranger, below)) {
            verifierFixture.corrupt(registry.blobKey(manifest));
        }
        verifierFixture.corrupt(registry.blobKey(layer));
    }

    @Test
    void aNamespaceIsAllBelowIt() {
        // Given
        damageAll();

        // When
        VerifySummary verifySummary = verifierFixture.verify(request("{\"namespace\":\"team\"}", "content"));

        // Then
        assertEquals(mismatches(layer, neighbour, below), verifierFixture.findings());
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
        verifierFixture.verify(request("{\"repository\":\"team/app\"}", "content"));

        // Then
        assertEquals(mismatches(layer), verifierFixture.findings());
    }

    @Test
    void unknownObjectsAndUploadsOfARepositoryAreFoundWithIt() {
        // Given
        String repository = registry.layout().repositoriesPrefix() + "team/app/";
        verifierFixture.bucket.seed(repository + "_notes", new byte[0]);
        verifierFixture.bucket.seed(repository + "_uploads/5d2c/startedat", new byte[0]);
        verifierFixture.bucket.seed(registry.layout().repositoriesPrefix() + "others/_notes", new byte[0]);
        verifierFixture.clock.advance(Duration.ofDays(8));

        // When
        verifierFixture.verify(request("{\"repository\":\"team/app\"}", "existence"));

        // Then
        assertEquals(
                Set.of("UNKNOWN_OBJECT " + repository + "_notes", "STALE_UPLOAD " + repository + "_uploads/5d2c/"),
                verifierFixture.findings());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tag", "digest"})
    void anImageIsAllThatItLeadsTo(String how) {
        // Given
        verifierFixture.corrupt(registry.blobKey(neighbour));
        verifierFixture.corrupt(registry.blobKey(layer));

        // When
        VerifySummary verifySummary = verifierFixture.verify(request(image(how), "content"));

        // Then
        assertEquals(mismatches(layer), verifierFixture.findings());
        assertEquals(2, verifySummary.images().incomplete());
    }

    private String image(String how) {
        return "{\"image\":\"team/app%s\"}".formatted(how.equals("tag") ? ":latest" : "@" + index);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tag", "digest"})
    void theLinksThatAnImageNeedsAreVerifiedWithIt(String how) {
        // Given
        verifierFixture.remove(registry.layerLink(APP, layer));
        verifierFixture.bucket.seed(registry.revisionLink(APP, child), new byte[0]);

        // When
        verifierFixture.verify(request(image(how), "existence"));

        // Then
        assertEquals(
                Set.of(
                        "LAYER_LINK_MISSING " + registry.layerLink(APP, layer),
                        "LINK_EMPTY " + registry.revisionLink(APP, child)),
                verifierFixture.findings());
    }

    @Test
    void aTagWhoseRevisionIsGoneDangles() {
        // Given
        verifierFixture.remove(registry.revisionLink(APP, index));

        // When
        verifierFixture.verify(request(image("tag"), "existence"));

        // Then
        assertEquals(Set.of("TAG_DANGLING team/app:latest"), verifierFixture.findings());
    }

    @Test
    void anImageIsVerifiedWithoutListingTheStore() {
        // When
        verifierFixture.verify(request(image("digest"), "existence"));

        // Then
        assertEquals(
                List.of(registry.revisionLink(APP, index), registry.layout().blobsPrefix()),
                verifierFixture.store.requests().stream()
                        .filter(asked -> asked.operation() == Operation.LIST)
                        .map(Request::key)
                        .toList());
    }

    @Test
    void oneBlobIsAskedForAlone() {
        // Given
        damageAll();

        // When
        VerifySummary verifySummary =
                verifierFixture.verify(request("{\"digest\":\"%s\"}".formatted(layer), "content"));

        // Then
        assertEquals(mismatches(layer), verifierFixture.findings());
        assertEquals(2000, verifySummary.bytes());
    }

    @Test
    void oneBlobThatIsNotThereIsMissing() {
        // Given
        Digest absent = Digest.of(DigestAlgorithm.SHA256, registry.bytes(10));

        // When
        verifierFixture.verify(request("{\"digest\":\"%s\"}".formatted(absent), "content"));

        // Then
        assertEquals(Set.of("BLOB_MISSING " + absent), verifierFixture.findings());
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
        VerifySummary verifySummary = verifierFixture.verify(request(scope, "existence"));

        // Then
        assertEquals(Set.of("UNDETERMINED " + scope), verifierFixture.findings());
        assertEquals("unknown", verifySummary.outcome());
    }
}
