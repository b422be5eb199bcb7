package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class ReachableSetTest {
    private static final String APP = "ns/app";

    private final RandomRegistry made = new RandomRegistry(1);
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");

    @AutoClose
    private final WorkerPools workerPools = new WorkerPools(4, 2);

    private final ReachableSet reachableSet =
            new ReachableSet(new StorePair(new InMemoryObjectStore("registry"), backup, made.layout()), workerPools);

    @Test
    void parentsComeBeforeTheChildrenTheyShare() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        Digest inner = made.index(APP, image);
        Digest outer = made.index(APP, image, inner);
        made.backedUpObjects().forEach(backup::seed);

        // When
        List<Digest> ordered = reachableSet.parentsFirst(List.of(inner, image, outer));

        // Then
        assertEquals(List.of(outer, inner, image), ordered);
    }

    @Test
    void parentsComeFirstHoweverDeepIndexesGo() {
        // Given
        Deque<Digest> indexes = new ArrayDeque<>(List.of(made.image(APP, made.layer(APP, 100))));
        for (int level = 0; level < 10_000; level++) {
            indexes.push(made.index(APP, indexes.element()));
        }
        made.backedUpObjects().forEach(backup::seed);

        // When
        List<Digest> ordered = reachableSet.parentsFirst(new HashSet<>(indexes));

        // Then
        assertEquals(List.copyOf(indexes), ordered);
    }
}
