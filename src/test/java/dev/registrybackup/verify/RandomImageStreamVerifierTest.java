package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random registries with random ImageStreams and random losses, against what a few sets say of them. */
class RandomImageStreamVerifierTest {
    private static final List<String> IMAGE_STREAMS =
            List.of("namespace-0/stream", "namespace-0/stream-b", "namespace-1/stream", "only/etcd", "a/first");

    /** What a tag points or pointed to. */
    private record TaggedItem(String subject, Digest image) {}

    /** By manifest, the keys of all blobs that it needs, itself among them. */
    private static Map<Digest, Set<String>> closures(RandomRegistry registry) {
        Map<Digest, Set<String>> closures = new LinkedHashMap<>();
        for (String key : registry.keys()) {
            if (registry.layout().parse(key) instanceof RevisionLink link) {
                closures.put(link.digest(), registry.reachableKeys(key));
            }
        }
        return closures;
    }

    private static Digest[] manifestsBelow(Digest image, Map<Digest, Set<String>> closures, RandomRegistry registry) {
        return closures.keySet().stream()
                .filter(other -> !other.equals(image))
                .filter(other -> closures.getOrDefault(image, Set.of()).contains(registry.blobKey(other)))
                .toArray(Digest[]::new);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void theShareIsThatOfTheModel(long seed, @TempDir Path scratch) {
        // Given
        Random random = new Random(seed);
        RandomRegistry registry = RandomRegistry.random(seed);
        Map<Digest, Set<String>> closures = closures(registry);
        List<Digest> images = List.copyOf(closures.keySet());
        Set<Digest> imported = new HashSet<>();
        List<TaggedItem> managed = new ArrayList<>();
        try (ImageStreamVerifierFixture fixture = new ImageStreamVerifierFixture(registry, scratch)) {
            for (Digest image : images) {
                Digest[] below = manifestsBelow(image, closures, registry);
                boolean isChild = images.stream()
                        .anyMatch(other -> !other.equals(image)
                                && closures.getOrDefault(other, Set.of()).contains(registry.blobKey(image)));
                if (!isChild && random.nextInt(3) == 0) {
                    imported.add(image);
                    fixture.cluster.importImage(image, below);
                } else {
                    fixture.cluster.push(image, below);
                }
            }
            for (int count = 10 + random.nextInt(30); count > 0; count--) {
                String stream = IMAGE_STREAMS.get(random.nextInt(IMAGE_STREAMS.size()));
                String tag = "v" + random.nextInt(4);
                Digest image = images.get(random.nextInt(images.size()));
                fixture.tag(stream, tag, image);
                if (!imported.contains(image)) {
                    managed.add(new TaggedItem("%s:%s@%s".formatted(stream, tag, image), image));
                }
            }
            fixture.copyAndCapture();
            List<String> blobs = registry.keys().stream()
                    .filter(key -> registry.layout().parse(key) instanceof BlobData)
                    .toList();
            Set<String> lost = new HashSet<>();
            for (int count = random.nextInt(5); count > 0; count--) {
                lost.add(blobs.get(random.nextInt(blobs.size())));
            }
            lost.forEach(fixture::remove);
            Set<TaggedItem> unrestorable = managed.stream()
                    .filter(item -> closures.getOrDefault(item.image(), Set.of()).stream()
                            .anyMatch(lost::contains))
                    .collect(Collectors.toSet());
            long restorable = managed.stream()
                    .filter(item -> !unrestorable.contains(item))
                    .count();

            // When
            VerifySummary verifySummary =
                    fixture.verifyScope("{\"all\":true}", seed % 2 == 0 ? "content" : "existence");

            // Then
            assertEquals(
                    unrestorable.stream().map(TaggedItem::subject).collect(Collectors.toSet()),
                    fixture.findings(FindingCode.IS_ITEM_UNRESTORABLE));
            assertEquals(
                    Optional.of(new RestorableShare.ShareRecord(fixture.clock.instant(), managed.size(), restorable)),
                    new RestorableShare(fixture.bucket).read());
            assertEquals(
                    managed.size() - restorable,
                    verifySummary.imageStreamCounts().orElseThrow().unrestorable());
            assertEquals(Set.of(), fixture.findings(FindingCode.IMAGE_OBJECT_MISSING));
        }
    }
}
