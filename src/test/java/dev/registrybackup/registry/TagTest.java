package dev.registrybackup.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TagTest {
    static Stream<String> tags() {
        return Stream.of(
                "latest",
                "a",
                "A",
                "0",
                "_",
                "_x",
                "v1.2.3",
                "V1-2_3",
                "a-",
                "a..b",
                "current",
                "index",
                "sha256-" + "a".repeat(64) + ".sig",
                "a".repeat(128));
    }

    @ParameterizedTest
    @MethodSource("tags")
    void eachTagOfTheSpecificationIsValid(String text) {
        // When
        Tag tag = new Tag(text);

        // Then
        assertEquals(text, tag.value());
        assertEquals(text, tag.toString());
    }

    static Stream<String> noTags() {
        return Stream.of(
                "", ".", "..", ".a", "-a", "a b", "a/b", "a:b", "a@b", "a+b", "ä", "a\n", "\n", "a".repeat(129));
    }

    @ParameterizedTest
    @MethodSource("noTags")
    void anythingElseIsRefused(String text) {
        // When
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> new Tag(text));

        // Then
        assertEquals("\"" + text + "\" is not a tag", refusal.getMessage());
        assertFalse(Tag.isValid(text));
    }
}
