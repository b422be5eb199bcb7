package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.content.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.transfer.Lanes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NeedsTest {
    private static final String APP = "ns/app";

    private final RandomRegistry made = new RandomRegistry(1);
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup");
    private final Lanes lanes = new Lanes(4, 2);
    private final Needs needs = new Needs(new Sides(new InMemoryObjectStore("registry"), backup, made.layout()), lanes);

    @AfterEach
    void close() {
        lanes.close();
    }

    @Test
    void parentsComeBeforeTheChildrenTheyShare() {
        // Given
        Digest image = made.image(APP, made.layer(APP, 100));
        Digest inner = made.index(APP, image);
        Digest outer = made.index(APP, image, inner);
        made.kept().forEach(backup::seed);

        // When
        List<Digest> ordered = needs.parentsFirst(List.of(inner, image, outer));

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
        made.kept().forEach(backup::seed);

        // When
        List<Digest> ordered = needs.parentsFirst(new HashSet<>(indexes));

        // Then
        assertEquals(List.copyOf(indexes), ordered);
    }
}
