package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.Link;
import dev.registrybackup.replication.ReplicatorFixture;
import dev.registrybackup.restore.Restore.RestoreResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RandomRegistryRestoreTest {
    private static final String ALL = "{'scope':{'all':true}}";

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void objectsReplicatedInAnyOrderAndWipedAreRestoredByteByByte(long seed) {
        // Given
        RandomRegistry made = RandomRegistry.random(seed);
        InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
        made.writeTo(registry::seed);
        try (RestoreFixture fixture = new RestoreFixture();
                ReplicatorFixture replicatorFixture = new ReplicatorFixture(registry, fixture.backupBucket())) {
            replicatorFixture.replicateAll(shuffled(made.keys(), seed));

            // When
            RestoreResult result = fixture.run(ALL);

            // Then
            assertTrue(result.isComplete(), result.summary().toString());
            assertEquals(RestoreFixture.texts(made.backedUpObjects()), fixture.restoredContent());
            assertEquals(Set.of(), made.linksBeforeTheirTargets(fixture.target().writtenKeys()));
            assertChildrenBeforeIndexes(made, fixture.target().writtenKeys());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16, 17, 18})
    void eachRepositoryAloneIsItsClosure(long seed) {
        // Given
        RandomRegistry made = RandomRegistry.random(seed);
        Set<String> repositories = repositories(made);
        for (String repository : repositories) {
            try (RestoreFixture fixture = new RestoreFixture().withBackupOf(made)) {
                // When
                RestoreResult result = fixture.run("{'scope':{'repository':'%s'}}".formatted(repository));

                // Then
                assertTrue(result.isComplete(), result.summary().toString());
                assertEquals(closureOf(made, repository), fixture.restoredContent());
                assertEquals(
                        Set.of(), made.linksBeforeTheirTargets(fixture.target().writtenKeys()));
                assertChildrenBeforeIndexes(made, fixture.target().writtenKeys());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void theSecondRestoreWritesNothingAndTheDryRunSaysSo(long seed) {
        // Given
        RandomRegistry made = RandomRegistry.random(seed);
        try (RestoreFixture fixture = new RestoreFixture().withBackupOf(made)) {
            JsonNode before = fixture.plan(ALL);
            assertEquals(Map.of(), fixture.restoredContent());
            fixture.run(ALL);
            fixture.target().clearRequests();

            // When
            fixture.run(ALL);
            fixture.run("{'scope':{'namespace':'namespace-0'},'mode':'repair'}");
            JsonNode after = fixture.plan(ALL);

            // Then
            assertEquals(List.of(), fixture.target().writtenKeys());
            assertEquals(
                    made.backedUpObjects().size(), before.at("/toCopy/objects").asInt());
            assertEquals(
                    made.backedUpObjects().values().stream()
                            .mapToLong(bytes -> bytes.length)
                            .sum(),
                    before.at("/toCopy/bytes").asLong());
            assertEquals(0, after.at("/toCopy/objects").asInt());
            assertEquals(
                    made.backedUpObjects().size(),
                    after.at("/alreadyPresent/objects").asInt());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33, 34, 35, 36})
    void anInterruptedRestoreHasNoLinkToNowhereAndGoesOnWhereItStopped(long seed) {
        // Given
        RandomRegistry made = RandomRegistry.random(seed);
        String request = seed % 2 == 0 ? ALL : "{'scope':{'repository':'namespace-1/stream'}}";
        try (RestoreFixture fixture = new RestoreFixture().withBackupOf(made)) {
            int all = fixture.plan(request).at("/toCopy/objects").asInt();
            AtomicInteger left = new AtomicInteger(new Random(seed).nextInt(all));

            // When
            assertThrows(
                    FencedException.class,
                    () -> fixture.run(request, () -> {
                        if (left.getAndDecrement() <= 0) {
                            throw new FencedException("stopped by the test");
                        }
                    }));
            Map<String, String> halfWay = fixture.restoredContent();
            int first = fixture.target().writtenKeys().size();
            RestoreResult result = fixture.run(request);

            // Then
            halfWay.keySet()
                    .forEach(key -> assertTrue(
                            halfWay.keySet().containsAll(made.reachableKeys(key)),
                            () -> key + " leads to what is not there"));
            assertTrue(result.isComplete());
            assertTrue(first < all);
            assertEquals(
                    seed % 2 == 0
                            ? RestoreFixture.texts(made.backedUpObjects())
                            : closureOf(made, "namespace-1/stream"),
                    fixture.restoredContent());
        }
    }

    private static List<String> shuffled(List<String> keys, long seed) {
        List<String> shuffled = new ArrayList<>(keys);
        Collections.shuffle(shuffled, new Random(seed));
        return shuffled;
    }

    private static Set<String> repositories(RandomRegistry made) {
        return made.backedUpObjects().keySet().stream()
                .map(key -> made.layout().parse(key))
                .filter(path -> path instanceof Link && !(path instanceof LayerLink))
                .map(path -> ((Link) path).repository().value())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Computed without the code under test: what the repository's manifests and tags lead to, and its links to those blobs. */
    private static Map<String, String> closureOf(RandomRegistry made, String repository) {
        Set<String> keys = new TreeSet<>();
        List<LayerLink> layers = new ArrayList<>();
        made.backedUpObjects().keySet().forEach(key -> {
            RegistryPath path = made.layout().parse(key);
            if (path instanceof LayerLink layer) {
                layers.add(layer);
            } else if (path instanceof Link link && link.repository().value().equals(repository)) {
                keys.add(key);
                keys.addAll(made.reachableKeys(key));
            }
        });
        layers.stream()
                .filter(layer -> layer.repository().value().equals(repository))
                .filter(layer -> keys.contains(made.blobKey(layer.digest())))
                .forEach(layer -> keys.add(made.layout().keyOf(layer)));
        Map<String, byte[]> found = new TreeMap<>();
        keys.forEach(key -> found.put(key, made.content(key)));
        return RestoreFixture.texts(found);
    }

    private static void assertChildrenBeforeIndexes(RandomRegistry made, List<String> written) {
        for (String key : written) {
            if (made.layout().parse(key) instanceof RegistryPath.RevisionLink revision) {
                for (JsonNode child : manifest(made, revision).path("manifests")) {
                    String childKey = made.revisionLink(
                            revision.repository().value(),
                            dev.registrybackup.registry.Digest.parse(
                                    child.path("digest").asText()));
                    assertTrue(
                            written.indexOf(childKey) < written.indexOf(key) && written.contains(childKey),
                            () -> childKey + " after " + key);
                }
            }
        }
    }

    private static JsonNode manifest(RandomRegistry made, RegistryPath.RevisionLink revision) {
        return TestJson.parse(made.content(made.layout().keyOf(new BlobData(revision.digest()))));
    }
}
