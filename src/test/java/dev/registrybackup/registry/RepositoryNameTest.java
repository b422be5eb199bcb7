package dev.registrybackup.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RepositoryNameTest {
    static Stream<String> names() {
        return Stream.of(
                "a",
                "0",
                "namespace/imagestream",
                "a.b",
                "a_b",
                "a__b",
                "a-b",
                "a---b",
                "a.b_c-d__e/f",
                "a/b/c/d/e/f/g",
                "blobs/repositories/tags/index/current/link",
                "a".repeat(255));
    }

    @ParameterizedTest
    @MethodSource("names")
    void eachNameOfTheSpecificationIsValid(String text) {
        // When
        RepositoryName name = new RepositoryName(text);

        // Then
        assertEquals(text, name.value());
        assertEquals(text, name.toString());
    }

    static Stream<String> noNames() {
        return Stream.of(
                "",
                "/",
                "a/",
                "/a",
                "a//b",
                "A",
                "a/B",
                "_layers",
                "a/_layers",
                "-a",
                "a-",
                ".a",
                "a.",
                "a..b",
                "a___b",
                "a._b",
                "a b",
                "a:b",
                "a@b",
                "a\n",
                "ä",
                "..",
                "a/../b",
                "a".repeat(256));
    }

    @ParameterizedTest
    @MethodSource("noNames")
    void anythingElseIsRefused(String text) {
        // When
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> new RepositoryName(text));

        // Then
        assertEquals("\"" + text + "\" is not a repository name", refusal.getMessage());
        assertFalse(RepositoryName.isValid(text));
    }
}
