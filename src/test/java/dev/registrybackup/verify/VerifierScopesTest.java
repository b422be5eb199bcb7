package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.store.RecordingObjectStore.Operation;
import dev.registrybackup.store.RecordingObjectStore.Request;
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
    private final Bench bench = bench();

    private Bench bench() {
        registry.tag(APP, "latest", index);
        return new Bench(registry);
    }

    @AfterEach
    void close() {
        bench.close();
    }

    private static String request(String scope, String depth) {
        return "{\"store\":\"registry\",\"scope\":%s,\"depth\":\"%s\"}".formatted(scope, depth);
    }

    private void damageAll() {
        for (Digest manifest : List.of(neighbour, stranger, below)) {
            bench.corrupt(registry.blobKey(manifest));
        }
        bench.corrupt(registry.blobKey(layer));
    }

    @Test
    void aNamespaceIsAllBelowIt() {
        // Given
        damageAll();

        // When
        Summary summary = bench.verify(request("{\"namespace\":\"team\"}", "content"));

        // Then
        assertEquals(mismatches(layer, neighbour, below), bench.found());
        assertEquals(4, summary.imagesLacking());
        assertEquals(0, summary.imagesWhole());
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
        bench.verify(request("{\"repository\":\"team/app\"}", "content"));

        // Then
        assertEquals(mismatches(layer), bench.found());
    }

    @Test
    void foreignObjectsAndUploadsOfARepositoryAreFoundWithIt() {
        // Given
        String repository = registry.layout().repositoriesPrefix() + "team/app/";
        bench.bucket.seed(repository + "_notes", new byte[0]);
        bench.bucket.seed(repository + "_uploads/5d2c/startedat", new byte[0]);
        bench.bucket.seed(registry.layout().repositoriesPrefix() + "others/_notes", new byte[0]);
        bench.clock.pass(Duration.ofDays(8));

        // When
        bench.verify(request("{\"repository\":\"team/app\"}", "existence"));

        // Then
        assertEquals(
                Set.of("FOREIGN_OBJECT " + repository + "_notes", "STALE_UPLOAD " + repository + "_uploads/5d2c/"),
                bench.found());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tag", "digest"})
    void anImageIsAllThatItLeadsTo(String how) {
        // Given
        bench.corrupt(registry.blobKey(neighbour));
        bench.corrupt(registry.blobKey(layer));

        // When
        Summary summary = bench.verify(request(image(how), "content"));

        // Then
        assertEquals(mismatches(layer), bench.found());
        assertEquals(2, summary.imagesLacking());
    }

    private String image(String how) {
        return "{\"image\":\"team/app%s\"}".formatted(how.equals("tag") ? ":latest" : "@" + index);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tag", "digest"})
    void theLinksThatAnImageNeedsAreLookedAtWithIt(String how) {
        // Given
        bench.remove(registry.layerLink(APP, layer));
        bench.bucket.seed(registry.revisionLink(APP, child), new byte[0]);

        // When
        bench.verify(request(image(how), "existence"));

        // Then
        assertEquals(
                Set.of(
                        "LAYER_LINK_MISSING " + registry.layerLink(APP, layer),
                        "LINK_EMPTY " + registry.revisionLink(APP, child)),
                bench.found());
    }

    @Test
    void aTagWhoseRevisionIsGoneDangles() {
        // Given
        bench.remove(registry.revisionLink(APP, index));

        // When
        bench.verify(request(image("tag"), "existence"));

        // Then
        assertEquals(Set.of("TAG_DANGLING team/app:latest"), bench.found());
    }

    @Test
    void anImageIsVerifiedWithoutListingTheStore() {
        // When
        bench.verify(request(image("digest"), "existence"));

        // Then
        assertEquals(
                List.of(registry.revisionLink(APP, index), registry.layout().blobsPrefix()),
                bench.store.requests().stream()
                        .filter(asked -> asked.operation() == Operation.LIST)
                        .map(Request::key)
                        .toList());
    }

    @Test
    void oneBlobIsAskedForAlone() {
        // Given
        damageAll();

        // When
        Summary summary = bench.verify(request("{\"digest\":\"%s\"}".formatted(layer), "content"));

        // Then
        assertEquals(mismatches(layer), bench.found());
        assertEquals(2000, summary.bytes());
    }

    @Test
    void oneBlobThatIsNotThereIsMissing() {
        // Given
        Digest absent = Digest.of(DigestAlgorithm.SHA256, registry.bytes(10));

        // When
        bench.verify(request("{\"digest\":\"%s\"}".formatted(absent), "content"));

        // Then
        assertEquals(Set.of("BLOB_MISSING " + absent), bench.found());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"namespace\":\"nobody\"}",
                "{\"repository\":\"team/nothing\"}",
                "{\"image\":\"team/app:slip\"}"
            })
    void aNameThatNothingHasIsNotTakenForGood(String scope) {
        // When
        Summary summary = bench.verify(request(scope, "existence"));

        // Then
        assertEquals(Set.of("COULD_NOT_TELL " + scope), bench.found());
        assertEquals("could-not-tell", summary.outcome());
    }
}
