package dev.registrybackup.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.restore.Restore;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RandomRecoveryTest {
    private static final List<String> REPOSITORIES = List.of("dev/app", "dev/app-b", "prod/app");

    /** All streams of the cluster that is lost, by repository. */
    private static Map<String, JsonNode> state(Recovering recovering) {
        Map<String, JsonNode> state = new TreeMap<>();
        for (String repository : REPOSITORIES) {
            if (recovering.lost().hasStream(Recovering.namespace(repository), Recovering.name(repository))) {
                state.put(repository, Recovering.tags(recovering.lost(), repository));
            }
        }
        return state;
    }

    /** Does something to a stream, as users do, and says which stream it was. */
    private static String change(Recovering recovering, Random random) {
        String repository = REPOSITORIES.get(random.nextInt(REPOSITORIES.size()));
        String tag = "v" + random.nextInt(2);
        String namespace = Recovering.namespace(repository);
        String name = Recovering.name(repository);
        boolean isThere = recovering.lost().hasStream(namespace, name);
        switch (random.nextInt(5)) {
            case 0 -> {
                if (isThere) {
                    recovering.lost().removeStream(namespace, name);
                } else {
                    recovering.push(repository, tag);
                }
            }
            case 1 -> recovering.pushIndex(repository, tag);
            case 2 -> {
                if (isThere
                        && !Recovering.images(recovering.lost(), repository, tag)
                                .isEmpty()) {
                    recovering.lost().ocTag(namespace, name, tag, "prod", "app", "promoted");
                    recovering.capture("prod/app");
                } else {
                    recovering.push(repository, tag);
                }
            }
            default -> recovering.push(repository, tag);
        }
        return repository;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void everyStateThatWasCapturedComesBackAsOfItsTime(long seed, @TempDir Path scratch) {
        // Given
        Random random = new Random(seed);
        try (Recovering recovering = new Recovering(scratch, seed)) {
            Map<Instant, Map<String, JsonNode>> states = new TreeMap<>();
            for (int step = 0; step < 15; step++) {
                String changed = change(recovering, random);
                recovering.capture(changed);
                if (random.nextInt(4) == 0) {
                    recovering.backedUp();
                }
                recovering.clock().advance(Duration.ofSeconds(5));
                states.put(recovering.clock().instant(), state(recovering));
                recovering.clock().advance(Duration.ofSeconds(5));
            }
            recovering.copied();
            recovering.ready();
            List<Instant> times = new ArrayList<>(states.keySet());
            Instant at = times.get(2 + random.nextInt(times.size() - 2));
            // When
            Map<String, JsonNode> wanted = states.get(at);
            if (wanted == null || wanted.isEmpty()) {
                return;
            }
            Restore.Outcome outcome = recovering.restore(
                    "{'scope':{'all':true},'metadata':'status','createNamespaces':true,'at':'%s'}".formatted(at));
            // Then
            for (String repository : REPOSITORIES) {
                if (wanted.containsKey(repository)) {
                    assertEquals(wanted.get(repository), Recovering.tags(recovering.fresh(), repository), repository);
                } else {
                    assertFalse(recovering
                            .fresh()
                            .hasStream(Recovering.namespace(repository), Recovering.name(repository)));
                }
            }
            assertTrue(outcome.summary().path("cluster").path("itemsLeftOut").asInt() == 0);
        }
    }
}
