package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import dev.registrybackup.registry.RegistryLayout;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Into what parts two stores are cut. */
class ShardPlannerTest {
    private static final String BASE = "docker/registry/v2/";
    private static final String LINKS = BASE + "repositories/";

    private final InMemoryObjectStore registry = new InMemoryObjectStore("registry");
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");

    private ShardPlanner planner() {
        return planner(new StoreComparer(registry, backup));
    }

    private ShardPlanner planner(StoreComparer comparer) {
        return new ShardPlanner(new StorePair(registry, backup, new RegistryLayout("")), comparer);
    }

    private static List<String> prefixes(List<Shard> parts) {
        return parts.stream().map(Shard::prefix).toList();
    }

    /** The shards of links in a divided plan for one process. */
    private List<Shard> linkShards() {
        return planner(new StoreComparer(registry, backup).unordered()).plan(1).stream()
                .flatMap(List::stream)
                .filter(shard -> shard.prefix().startsWith(LINKS))
                .toList();
    }

    @Test
    void aRegistryOfAnySizeIsThreeShardsThatAreComparedAtOnce() {
        // When
        List<List<Shard>> groups = planner().plan(1);

        // Then
        assertEquals(1, groups.size());
        List<Shard> parts = groups.get(0);
        assertEquals(List.of(BASE + "blobs/", LINKS, ""), prefixes(parts));
        assertEquals(
                List.of(CompareBy.SIZE, CompareBy.CONTENT, CompareBy.CONTENT),
                parts.stream().map(Shard::compareBy).toList());
        assertEquals(List.of("{{_uploads/.*}}"), parts.get(1).excludes());
        assertTrue(parts.get(2).excludes().contains("/registry-backup/**"));
    }

    @Test
    void severalProcessesShareBlobsByTheirFirstTwoDigits() {
        // When
        List<List<Shard>> groups = planner().plan(2);

        // Then
        List<Shard> parts = groups.stream().flatMap(List::stream).toList();
        assertEquals(256 + 1 + 2, parts.size());
        assertEquals(BASE + "blobs/sha256/00/", parts.get(0).prefix());
        assertEquals(BASE + "blobs/sha256/ff/", parts.get(255).prefix());
        assertEquals(new Shard(BASE + "blobs/", CompareBy.SIZE, List.of("/sha256/**"), false), parts.get(256));
        assertEquals(LINKS, parts.get(257).prefix());
        assertEquals("", parts.get(258).prefix());
    }

    @Test
    void fourAdjacentShardsOfBlobsOrOfLinksAreAGroup() {
        // Given
        IntStream.range(10, 42)
                .forEach(number -> backup.seed(LINKS + number + "/app/_layers/sha256/1/link", new byte[1]));

        // When
        List<List<Shard>> groups = planner().plan(2);

        // Then
        assertEquals(64 + 1 + 8 + 1, groups.size());
        assertEquals(List.of(BASE + "blobs/"), prefixes(groups.get(64)));
        assertEquals(List.of(LINKS + "10/", LINKS + "11/", LINKS + "12/", LINKS + "13/"), prefixes(groups.get(65)));
        assertEquals(List.of(LINKS + "38/", LINKS + "39/", LINKS + "40/", LINKS + "41/"), prefixes(groups.get(72)));
        assertEquals(List.of(""), prefixes(groups.get(73)));
    }

    @Test
    void whereListingsAreHeldInMemoryTheyAreSmall() {
        // When
        List<List<Shard>> groups =
                planner(new StoreComparer(registry, backup).unordered()).plan(1);

        // Then
        assertEquals(64 + 1 + 1 + 1, groups.size());
        assertEquals(planner().plan(2), groups);
    }

    @Test
    void fewNamespacesAreCutByRepositoryInTheOrderOfKeys() {
        // Given
        IntStream.range(10, 25)
                .forEach(number -> registry.seed(LINKS + "a/" + number + "/_layers/sha256/1/link", new byte[1]));
        registry.seed(LINKS + "a-b/app/_layers/sha256/1/link", new byte[1]);

        // When
        List<String> prefixes = prefixes(linkShards());

        // Then
        assertEquals(16, prefixes.size());
        assertEquals(List.of(LINKS + "a-b/app/", LINKS + "a/10/"), prefixes.subList(0, 2));
        assertEquals(LINKS + "a/24/", prefixes.get(15));
    }

    @Test
    void fewRepositoriesAreCutByTheirDirectoriesButUploads() {
        // Given
        registry.seed(LINKS + "a/app/_layers/sha256/1/link", new byte[1]);
        registry.seed(LINKS + "a/app/_manifests/revisions/sha256/1/link", new byte[1]);
        registry.seed(LINKS + "a/app/_uploads/1/data", new byte[1]);
        backup.seed(LINKS + "c/app/_layers/sha256/1/link", new byte[1]);

        // Then
        assertEquals(
                List.of(LINKS + "a/app/_layers/", LINKS + "a/app/_manifests/", LINKS + "c/app/_layers/"),
                prefixes(linkShards()));
    }

    @Test
    void whatIsBesideTheDirectoriesIsAShardOfItsOwn() {
        // Given
        registry.seed(LINKS + "a/app/_layers/sha256/1/link", new byte[1]);
        registry.seed(LINKS + "b/app/_layers/sha256/1/link", new byte[1]);
        registry.seed(LINKS + "a/note", new byte[1]);

        // When
        List<Shard> parts = linkShards();

        // Then
        assertEquals(List.of(LINKS + "a/app/_layers/", LINKS + "a/", LINKS + "b/app/_layers/"), prefixes(parts));
        assertEquals(new Shard(LINKS + "a/", CompareBy.CONTENT, List.of("/*/**"), false), parts.get(1));
    }
}
