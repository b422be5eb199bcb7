package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RandomImagesTest {
    private static final int OF_EACH_AGE = 200;

    private final SettableClock clock = new SettableClock();
    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", false, clock);
    private final RegistryStore backup = new RegistryStore(bucket, new RegistryLayout(""));
    private final RandomRegistry registry = new RandomRegistry(1);

    private void push(String namespace, int images) {
        for (int each = 0; each < images; each++) {
            String repository = namespace + "/app" + each;
            registry.tag(repository, "v1", registry.image(repository, registry.layer(repository, 10)));
        }
        registry.backedUpObjects().forEach((key, content) -> {
            if (key.contains("/repositories/" + namespace + "/") || key.contains("/blobs/")) {
                bucket.seed(key, content);
            }
        });
    }

    private List<String> choose(int images, long seed) {
        return RandomImages.choose(backup, images, clock.instant(), new SplittableRandom(seed)).chosen().stream()
                .map(ListedLink::key)
                .toList();
    }

    @Test
    void whatWasPushedLatelyIsChosenMoreOftenAndWhatIsOldToo() {
        // Given: of those a day old each counts half as much as of those pushed now
        push("yesterday", OF_EACH_AGE);
        clock.advance(Duration.ofDays(1));
        push("today", OF_EACH_AGE);

        // When
        long recent = 0;
        for (int seed = 0; seed < 100; seed++) {
            recent += choose(3, seed).stream()
                    .filter(key -> key.contains("/today/"))
                    .count();
        }

        // Then: 200 of 300 are expected, and the seeds are always the same
        assertTrue(recent > 170 && recent < 230, Long.toString(recent));
    }

    @Test
    void theSameSeedChoosesTheSameAndAnotherOneOthers() {
        // Given
        push("ns", OF_EACH_AGE);

        // When
        List<String> chosen = choose(5, 7);

        // Then
        assertEquals(5, chosen.size());
        assertEquals(chosen.stream().distinct().sorted().toList(), chosen);
        assertEquals(chosen, choose(5, 7));
        assertNotEquals(chosen, choose(5, 8));
    }

    @Test
    void ofFewImagesAllAreChosenAndOnlyImages() {
        // Given
        push("ns", 3);

        // When
        RandomImages all = RandomImages.choose(backup, 5, clock.instant(), new SplittableRandom(1));

        // Then: of each image two layer links (one of its config), a revision link, a tag and its history
        assertEquals(3, all.chosen().size());
        assertTrue(all.chosen().stream().allMatch(link -> link.path().kind() == Kind.REVISION_LINK));
        assertEquals(bucket.keys("docker/registry/v2/repositories/").size(), all.listedLinks());
    }
}
