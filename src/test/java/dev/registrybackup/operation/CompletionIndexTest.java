package dev.registrybackup.operation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionIndexTest {
    private static final List<String> NAMES =
            IntStream.range(0, 10_000).mapToObj("team-%d/app"::formatted).toList();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 16})
    void eachNameIsOneIndexsAndTheirSharesAreAlike(int completions) {
        // When
        List<List<String>> shares = IntStream.range(0, completions)
                .mapToObj(number -> new CompletionIndex(number, completions))
                .map(index -> NAMES.stream().filter(index::includes).toList())
                .toList();

        // Then
        assertEquals(
                NAMES.stream().sorted().toList(),
                shares.stream().flatMap(List::stream).sorted().toList());
        int even = NAMES.size() / completions;
        shares.forEach(share -> assertTrue(Math.abs(share.size() - even) <= even / 5, () -> share.size() + " names"));
    }

    @Test
    void aNameIsAlwaysTheSameIndexs() {
        assertTrue(new CompletionIndex(7, 16).includes("team/app"));
    }

    @ParameterizedTest
    @CsvSource({"-1, 4", "4, 4", "0, 0"})
    void anIndexOutOfRangeIsRefused(int number, int completions) {
        assertThrows(IllegalArgumentException.class, () -> new CompletionIndex(number, completions));
    }
}
