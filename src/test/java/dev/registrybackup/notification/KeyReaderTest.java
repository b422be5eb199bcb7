package dev.registrybackup.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.TextNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyReaderTest {
    private static final String COMPARE_BUCKETS = ". This record was skipped: compare the buckets to find its object.";

    @ParameterizedTest
    @CsvSource({
        "a, a",
        "a+b, a b",
        "a%2Bb, a+b",
        "a%20b, a b",
        "docker%2Fregistry%2fv2, docker/registry/v2",
        "%25, %",
        "%2525, %25",
        "r%C3%B6t, röt",
        "röt, röt",
        "%F0%9F%93%A6, 📦",
    })
    void formEncodedKeysAreDecoded(String written, String expected) {
        // When
        String key = KeyReader.read(part(written), true);

        // Then
        assertEquals(expected, key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%", "a%", "a%2", "%zz", "%2 b", "%-1", "%+1", "%１１", "%C3", "%FF", "%C0%80", "%ED%A0%80"})
    void invalidFormEncodedUtf8IsAProblem(String written) {
        // When
        UndecodableEventException problem =
                assertThrows(UndecodableEventException.class, () -> KeyReader.read(part(written), true));

        // Then
        assertEquals(
                "Failed to decode payload: it is not form-encoded UTF-8 (\"" + written + "\")" + COMPARE_BUCKETS,
                problem.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a+b", "%41", "%zz", "%", "dir a/hello+w ö.txt"})
    void literalKeysAreKept(String written) {
        // When
        String key = KeyReader.read(part(written), false);

        // Then
        assertEquals(written, key);
    }

    @ParameterizedTest
    @CsvSource({"1024, a, false", "512, ö, false", "512, %C3%B6, true", "1024, %41, true"})
    void aKeyMayHaveAsManyBytesAsS3Allows(int times, String written, boolean formEncoded) {
        // Given
        String longest = written.repeat(times);

        // When
        UndecodableEventException problem =
                assertThrows(UndecodableEventException.class, () -> KeyReader.read(part(longest + "a"), formEncoded));

        // Then
        assertEquals(1_024, KeyReader.read(part(longest), formEncoded).getBytes(StandardCharsets.UTF_8).length);
        assertTrue(
                String.valueOf(problem.getMessage()).contains("it has 1025 bytes, but an S3 key has at most 1024"),
                problem::getMessage);
        assertTrue(String.valueOf(problem.getMessage()).length() < 1_500, problem::getMessage);
    }

    @Test
    void aKeyThatNoUnicodeTextCanSpellIsAProblem() {
        // Given
        String halfACharacter = "a\ud83d";

        // When
        UndecodableEventException problem =
                assertThrows(UndecodableEventException.class, () -> KeyReader.read(part(halfACharacter), false));

        // Then
        assertEquals(
                "Failed to decode payload: it is not Unicode text (\"a?\")" + COMPARE_BUCKETS, problem.getMessage());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void textEncodedByTheJdkIsDecodedToTheSame(long seed) {
        // Given
        Random random = new Random(seed);
        String key = random.ints(340, 1, 0x10000)
                .filter(one -> !Character.isSurrogate((char) one))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();

        // When
        String decoded = KeyReader.read(part(URLEncoder.encode(key, StandardCharsets.UTF_8)), true);

        // Then
        assertEquals(key, decoded);
    }

    private static JsonCursor part(String text) {
        return JsonCursor.root(TextNode.valueOf(text));
    }
}
