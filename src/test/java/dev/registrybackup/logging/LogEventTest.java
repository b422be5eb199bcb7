package dev.registrybackup.logging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogEventTest {
    @Test
    void plainWordsStayAsTheyAre() {
        // When
        String line = LogEvent.of("event")
                .with("key", "docker/registry/v2/blobs/sha256/0a/0a1b/data")
                .with("digest", "sha256:0a1b")
                .with("bytes", 71)
                .toString();

        // Then
        assertEquals("event=event key=docker/registry/v2/blobs/sha256/0a/0a1b/data digest=sha256:0a1b bytes=71", line);
    }

    @Test
    void textThatLooksLikeAnotherFieldOrLineIsQuotedAndEscaped() {
        // When
        String line = LogEvent.of("event")
                .with("key", "a\nevent=rejected key=b")
                .with("problem", "say \"no\" \\ é\u2028")
                .with("empty", "")
                .with("none", null)
                .toString();

        // Then
        assertEquals(
                "event=event key=\"a\\nevent=rejected key=b\" problem=\"say \\\"no\\\" \\\\ \\u00e9\\u2028\" empty=\"\" none=null",
                line);
        assertEquals(1, line.lines().count());
    }

    @Test
    void aTextThatLooksLikeANumberIsQuoted() {
        // When
        String line = LogEvent.of("event")
                .with("bytes", 71)
                .with("share", -0.5)
                .with("new", true)
                .with("tag", "71")
                .with("repository", "true")
                .with("version", "null")
                .with("digits", "0071")
                .toString();

        // Then
        assertEquals(
                "event=event bytes=71 share=-0.5 new=true tag=\"71\" repository=\"true\" version=\"null\" digits=0071",
                line);
    }

    @Test
    void itsFieldsAreMembersOfAJsonObject() throws Exception {
        // Given
        String text = "say \"no\" \\ é \ud83d\ude00\n\u2028 a=b event=x \"";
        String line = LogEvent.of("replicated")
                .with("bytes", 71)
                .with("share", -0.5)
                .with("new", true)
                .with("none", null)
                .with("tag", "71")
                .with("digits", "0071")
                .with("key", "docker/registry/v2")
                .with("empty", "")
                .with("problem", text)
                .toString();

        // When
        JsonNode json = new ObjectMapper()
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .readTree("{" + LogEvent.jsonMembers(line).orElseThrow() + "}");

        // Then
        ObjectNode expected = JsonNodeFactory.instance
                .objectNode()
                .put("event", "replicated")
                .put("bytes", 71)
                .put("share", -0.5)
                .put("new", true)
                .putNull("none")
                .put("tag", "71")
                .put("digits", "0071")
                .put("key", "docker/registry/v2")
                .put("empty", "")
                .put("problem", text);
        assertEquals(expected, json);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "Started", "an event=x", "event=x y", "event=x y=\"z", "event=x y=\"z\"a", "event=\"\\"})
    void aLineThatNoEventWroteHasNoFields(String line) {
        assertEquals(Optional.empty(), LogEvent.jsonMembers(line));
    }

    @Test
    void longValuesAreCut() {
        // When
        String line = LogEvent.of("event").with("key", "a".repeat(100_000)).toString();

        // Then
        assertTrue(line.endsWith("a...\""), line);
        assertTrue(line.length() < LogEvent.MAX_VALUE_LENGTH + 30);
    }
}
