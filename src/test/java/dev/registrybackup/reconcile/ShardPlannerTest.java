package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import dev.registrybackup.registry.RegistryLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Into what parts two stores are cut. */
class ShardPlannerTest {
    private static final String BASE = "docker/registry/v2/";
    private static final String LINKS = BASE + "repositories/";

    private final InMemoryObjectStore registryBucket = new InMemoryObjectStore("registry");
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");
    private final RecordingObjectStore registry = new RecordingObjectStore(registryBucket);

    private List<Shard> plan(long mostKeys) {
        return planner(mostKeys).plan(new ShardSizes(backup));
    }

    private ShardPlanner planner(long mostKeys) {
        return new ShardPlanner(
                new StorePair(registry, backup, new RegistryLayout("")),
                new StoreComparer(registryBucket, backup),
                mostKeys,
                CompareBy.CONTENT);
    }

    private static List<String> prefixes(List<Shard> parts) {
        return parts.stream().map(Shard::prefix).toList();
    }

    @Test
    void aSmallRegistryIsThreeShards() {
        // When
        List<Shard> parts = plan(1_000);

        // Then
        assertEquals(List.of(BASE + "blobs/", LINKS, ""), prefixes(parts));
        assertEquals(
                List.of(CompareBy.SIZE, CompareBy.CONTENT, CompareBy.CONTENT),
                parts.stream().map(Shard::compareBy).toList());
        assertEquals(List.of(), parts.get(1).excludes());
        assertTrue(parts.get(2).excludes().contains("/registry-backup/**"));
    }

    @Test
    void blobsAreCutByTheirFirstTwoDigitsOnceOneSuchShardIsLarge() {
        // Given
        String hex = "00" + "a".repeat(62);
        backup.seed(BASE + "blobs/sha256/00/" + hex + "/data", new byte[1]);

        // When
        List<Shard> parts = plan(200);

        // Then
        assertEquals(256 + 1 + 2, parts.size());
        assertEquals(BASE + "blobs/sha256/00/", parts.get(0).prefix());
        assertEquals(BASE + "blobs/sha256/ff/", parts.get(255).prefix());
        assertEquals(new Shard(BASE + "blobs/", CompareBy.SIZE, List.of("/sha256/**"), false), parts.get(256));
    }

    @Test
    void linksAreCutByDirectoryDownToWhatIsSmallEnoughInTheOrderOfKeys() {
        // Given
        for (int number = 0; number < 5; number++) {
            registryBucket.seed(LINKS + "a/app/_layers/sha256/" + number + "/link", new byte[1]);
            registryBucket.seed(LINKS + "a/app/_manifests/revisions/sha256/" + number + "/link", new byte[1]);
        }
        registryBucket.seed(LINKS + "a/app/_uploads/1/data", new byte[1]);
        registryBucket.seed(LINKS + "a-b/app/_layers/sha256/1/link", new byte[1]);
        backup.seed(LINKS + "c/app/_layers/sha256/1/link", new byte[1]);

        // When
        List<String> prefixes = prefixes(plan(3));

        // Then
        assertEquals(
                List.of(
                        BASE + "blobs/",
                        LINKS + "a-b/",
                        LINKS + "a/app/_layers/",
                        LINKS + "a/app/_manifests/",
                        LINKS + "c/",
                        ""),
                prefixes);
    }

    @Test
    void whatIsBesideTheDirectoriesOfALargeOneIsAShardOfItsOwn() {
        // Given
        for (int number = 0; number < 5; number++) {
            registryBucket.seed(LINKS + "a/app/_layers/sha256/" + number + "/link", new byte[1]);
        }
        registryBucket.seed(LINKS + "a/note", new byte[1]);

        // When
        List<Shard> parts = plan(5);

        // Then
        assertEquals(List.of(BASE + "blobs/", LINKS + "a/app/", LINKS + "a/", ""), prefixes(parts));
        assertEquals(new Shard(LINKS + "a/", CompareBy.CONTENT, List.of("/*/**"), false), parts.get(2));
    }

    @Test
    void knownDirectoriesAreNotCounted() {
        // Given
        backup.seed(LINKS + "a/app/_layers/sha256/1/link", new byte[1]);
        backup.seed(LINKS + "b/app/_layers/sha256/1/link", new byte[1]);
        writeSizes(Map.of(LINKS + "a/", 700L, LINKS + "b/", 700L));

        // When
        List<String> prefixes = prefixes(plan(1_000));

        // Then
        assertEquals(List.of(BASE + "blobs/", LINKS + "a/", LINKS + "b/", ""), prefixes);
        assertEquals(List.of(BASE + "blobs/sha256/00/"), countedPrefixes());
    }

    @Test
    void newDirectoriesAndThoseNearTheBoundAreCounted() {
        // Given
        backup.seed(LINKS + "a/app/_layers/sha256/1/link", new byte[1]);
        backup.seed(LINKS + "b/app/_layers/sha256/1/link", new byte[1]);
        backup.seed(LINKS + "c/app/_layers/sha256/1/link", new byte[1]);
        writeSizes(Map.of(LINKS + "a/", 700L, LINKS + "b/", 800L));

        // When
        plan(1_000);

        // Then
        assertEquals(List.of(BASE + "blobs/sha256/00/", LINKS + "b/", LINKS + "c/"), countedPrefixes());
    }

    @Test
    void smallShardsAreComparedAtOnceAsLongAsTheirKeysTogetherWouldFitOneShard() {
        // Given
        Map<String, Long> sizes = new TreeMap<>(Map.of("a", 700L, "b", 300L, "c", 1L, "d", 749L, "e", 1L, "f", 1L));
        sizes.putAll(Map.of("g", 1L, "h", 1L, "i", 1L, "j", 1L));
        sizes.keySet().forEach(name -> backup.seed(LINKS + name + "/app/_layers/sha256/1/link", new byte[1]));
        backup.seed(LINKS + "new/app/_layers/sha256/1/link", new byte[1]);
        Map<String, Long> byPrefix = new HashMap<>(Map.of(BASE + "blobs/", 1L));
        sizes.forEach((name, keys) -> byPrefix.put(LINKS + name + "/", keys));
        writeSizes(byPrefix);

        // When
        List<List<Shard>> groups = planner(1_000).planGroups(new ShardSizes(backup));

        // Then
        assertEquals(
                List.of(
                        List.of(BASE + "blobs/", LINKS + "a/"),
                        List.of(LINKS + "b/", LINKS + "c/"),
                        List.of(LINKS + "d/", LINKS + "e/", LINKS + "f/", LINKS + "g/"),
                        List.of(LINKS + "h/", LINKS + "i/", LINKS + "j/"),
                        List.of(LINKS + "new/"),
                        List.of("")),
                groups.stream().map(ShardPlannerTest::prefixes).toList());
    }

    @Test
    void allShardsOfASmallRegistryAreComparedAtOnceOnceTheirSizesAreKnown() {
        // Given
        writeSizes(Map.of(BASE + "blobs/", 200L, LINKS, 300L));

        // When
        List<List<Shard>> groups = planner(1_000).planGroups(new ShardSizes(backup));

        // Then
        assertEquals(
                List.of(List.of(BASE + "blobs/", LINKS, "")),
                groups.stream().map(ShardPlannerTest::prefixes).toList());
    }

    private void writeSizes(Map<String, Long> keys) {
        ShardSizes sizes = new ShardSizes(backup);
        keys.forEach(sizes::put);
        sizes.write();
    }

    private List<String> countedPrefixes() {
        return registry.keysOf(Operation.LIST);
    }
}
