package dev.registrybackup.imagestream.restore;

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
    private static Map<String, JsonNode> state(RecoveryFixture recoveryFixture) {
        Map<String, JsonNode> state = new TreeMap<>();
        for (String repository : REPOSITORIES) {
            if (recoveryFixture
                    .lost()
                    .hasStream(RecoveryFixture.namespace(repository), RecoveryFixture.name(repository))) {
                state.put(repository, RecoveryFixture.tags(recoveryFixture.lost(), repository));
            }
        }
        return state;
    }

    /** Does something to a stream, as users do, and says which stream it was. */
    private static String change(RecoveryFixture recoveryFixture, Random random) {
        String repository = REPOSITORIES.get(random.nextInt(REPOSITORIES.size()));
        String tag = "v" + random.nextInt(2);
        String namespace = RecoveryFixture.namespace(repository);
        String name = RecoveryFixture.name(repository);
        boolean isThere = recoveryFixture.lost().hasStream(namespace, name);
        switch (random.nextInt(5)) {
            case 0 -> {
                if (isThere) {
                    recoveryFixture.lost().removeStream(namespace, name);
                } else {
                    recoveryFixture.push(repository, tag);
                }
            }
            case 1 -> recoveryFixture.pushIndex(repository, tag);
            case 2 -> {
                if (isThere
                        && !RecoveryFixture.images(recoveryFixture.lost(), repository, tag)
                                .isEmpty()) {
                    recoveryFixture.lost().ocTag(namespace, name, tag, "prod", "app", "promoted");
                    recoveryFixture.capture("prod/app");
                } else {
                    recoveryFixture.push(repository, tag);
                }
            }
            default -> recoveryFixture.push(repository, tag);
        }
        return repository;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void everyStateThatWasCapturedComesBackAsOfItsTime(long seed, @TempDir Path scratch) {
        // Given
        Random random = new Random(seed);
        try (RecoveryFixture recoveryFixture = new RecoveryFixture(scratch, seed)) {
            Map<Instant, Map<String, JsonNode>> states = new TreeMap<>();
            for (int step = 0; step < 15; step++) {
                String changed = change(recoveryFixture, random);
                recoveryFixture.capture(changed);
                if (random.nextInt(4) == 0) {
                    recoveryFixture.backedUp();
                }
                recoveryFixture.clock().advance(Duration.ofSeconds(5));
                states.put(recoveryFixture.clock().instant(), state(recoveryFixture));
                recoveryFixture.clock().advance(Duration.ofSeconds(5));
            }
            recoveryFixture.copied();
            recoveryFixture.ready();
            List<Instant> times = new ArrayList<>(states.keySet());
            Instant at = times.get(2 + random.nextInt(times.size() - 2));
            // When
            Map<String, JsonNode> wanted = states.get(at);
            if (wanted == null || wanted.isEmpty()) {
                return;
            }
            Restore.RestoreResult restoreResult = recoveryFixture.restore(
                    "{'scope':{'all':true},'imageStreams':'status','createNamespaces':true,'at':'%s'}".formatted(at));
            // Then
            for (String repository : REPOSITORIES) {
                if (wanted.containsKey(repository)) {
                    assertEquals(
                            wanted.get(repository),
                            RecoveryFixture.tags(recoveryFixture.fresh(), repository),
                            repository);
                } else {
                    assertFalse(recoveryFixture
                            .fresh()
                            .hasStream(RecoveryFixture.namespace(repository), RecoveryFixture.name(repository)));
                }
            }
            assertTrue(
                    restoreResult.summary().path("cluster").path("itemsSkipped").asInt() == 0);
        }
    }
}
