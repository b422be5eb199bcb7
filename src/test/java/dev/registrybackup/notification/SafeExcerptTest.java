package dev.registrybackup.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeExcerptTest {
    @ParameterizedTest
    @CsvSource({"'', ''", "abcde, abcde", "abcdef, abcd…", "abc📦e, abc…", "abc📦, abc📦"})
    void longTextIsCutBetweenCharacters(String text, String expected) {
        // When
        String excerpt = SafeExcerpt.of(text, 5);

        // Then
        assertEquals(expected, excerpt);
    }

    @Test
    void charactersThatCouldForgeALogLineAreReplaced() {
        // When
        String excerpt = SafeExcerpt.of("a\r\nb\u0000\u0085\u2028\u202ec", 20);

        // Then
        assertEquals("a??b????c", excerpt);
    }
}
