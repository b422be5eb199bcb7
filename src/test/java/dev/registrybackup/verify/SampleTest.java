package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampleTest {
    private static final List<Digest> DIGESTS = IntStream.range(0, 10_000)
            .mapToObj(number -> Digest.of(DigestAlgorithm.SHA256, ("blob " + number).getBytes(StandardCharsets.UTF_8)))
            .toList();

    private static Set<Digest> sampled(Sample sample) {
        return DIGESTS.stream().filter(sample::includes).collect(Collectors.toSet());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.1, 0.5, 0.9, 1})
    void aSampleIncludesThatFraction(double fraction) {
        // When
        int taken = sampled(new Sample(fraction, 7)).size();

        // Then
        assertEquals(fraction * DIGESTS.size(), taken, 150);
    }

    @Test
    void theSameSeedIncludesTheSame() {
        // When
        Set<Digest> taken = sampled(new Sample(0.3, 7));

        // Then
        assertEquals(sampled(new Sample(0.3, 7)), taken);
        assertNotEquals(sampled(new Sample(0.3, 8)), taken);
    }

    @Test
    void aLargerFractionIncludesWhatASmallerOneIncludes() {
        // When
        Set<Digest> taken = sampled(new Sample(0.5, 7));

        // Then
        assertTrue(taken.containsAll(sampled(new Sample(0.2, 7))));
    }

    @Test
    void onlyTheBlobsOfTheSampleAreRead() {
        // Given
        RandomRegistry registry = new RandomRegistry(4);
        List<Digest> blobs = IntStream.range(0, 200)
                .mapToObj(number -> registry.layer("team/app", 100))
                .toList();
        Sample sample = new Sample(0.2, 5);
        try (VerifierFixture fixture = new VerifierFixture(registry)) {

            // When
            fixture.verify("{\"store\":\"registry\",\"depth\":\"content\",\"sample\":{\"fraction\":0.2,\"seed\":5}}");

            // Then
            assertEquals(
                    blobs.stream()
                            .filter(sample::includes)
                            .map(registry::blobKey)
                            .sorted()
                            .toList(),
                    fixture.store.keysOf(Operation.OPEN).stream().sorted().toList());
        }
    }
}
