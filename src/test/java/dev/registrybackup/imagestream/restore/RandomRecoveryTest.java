package dev.registrybackup.imagestream.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.restore.Restore.RestoreResult;
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
    private static Map<String, JsonNode> state(RecoveryFixture fixture) {
        Map<String, JsonNode> state = new TreeMap<>();
        for (String repository : REPOSITORIES) {
            if (fixture.lost().hasStream(RecoveryFixture.namespace(repository), RecoveryFixture.name(repository))) {
                state.put(repository, RecoveryFixture.tags(fixture.lost(), repository));
            }
        }
        return state;
    }

    /** Does something to a stream, as users do, and says which stream it was. */
    private static String change(RecoveryFixture fixture, Random random) {
        String repository = REPOSITORIES.get(random.nextInt(REPOSITORIES.size()));
        String tag = "v" + random.nextInt(2);
        String namespace = RecoveryFixture.namespace(repository);
        String name = RecoveryFixture.name(repository);
        boolean isThere = fixture.lost().hasStream(namespace, name);
        switch (random.nextInt(5)) {
            case 0 -> {
                if (isThere) {
                    fixture.lost().removeStream(namespace, name);
                } else {
                    fixture.push(repository, tag);
                }
            }
            case 1 -> fixture.pushIndex(repository, tag);
            case 2 -> {
                if (isThere
                        && !RecoveryFixture.images(fixture.lost(), repository, tag)
                                .isEmpty()) {
                    fixture.lost().ocTag(namespace, name, tag, "prod", "app", "promoted");
                    fixture.capture("prod/app");
                } else {
                    fixture.push(repository, tag);
                }
            }
            default -> fixture.push(repository, tag);
        }
        return repository;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void everyCapturedStateIsRestoredAsOfItsTime(long seed, @TempDir Path scratch) {
        // Given
        Random random = new Random(seed);
        try (RecoveryFixture fixture = new RecoveryFixture(scratch, seed)) {
            Map<Instant, Map<String, JsonNode>> states = new TreeMap<>();
            for (int step = 0; step < 15; step++) {
                String changed = change(fixture, random);
                fixture.capture(changed);
                if (random.nextInt(4) == 0) {
                    fixture.backedUp();
                }
                fixture.clock().advance(Duration.ofSeconds(5));
                states.put(fixture.clock().instant(), state(fixture));
                fixture.clock().advance(Duration.ofSeconds(5));
            }
            fixture.copied();
            fixture.ready();
            List<Instant> times = new ArrayList<>(states.keySet());
            Instant at = times.get(2 + random.nextInt(times.size() - 2));
            // When
            Map<String, JsonNode> wanted = states.get(at);
            if (wanted == null || wanted.isEmpty()) {
                return;
            }
            RestoreResult result = fixture.restore(
                    "{'scope':{'all':true},'imageStreams':'status','createNamespaces':true,'at':'%s'}".formatted(at));
            // Then
            for (String repository : REPOSITORIES) {
                if (wanted.containsKey(repository)) {
                    assertEquals(wanted.get(repository), RecoveryFixture.tags(fixture.fresh(), repository), repository);
                } else {
                    assertFalse(fixture.fresh()
                            .hasStream(RecoveryFixture.namespace(repository), RecoveryFixture.name(repository)));
                }
            }
            assertTrue(result.summary().path("cluster").path("itemsSkipped").asInt() == 0);
        }
    }
}
