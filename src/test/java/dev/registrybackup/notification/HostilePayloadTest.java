package dev.registrybackup.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever arrives, the decoder answers or refuses: it throws nothing but its one exception. */
class HostilePayloadTest {
    private final NotificationDecoder decoder = new NotificationDecoder();
    private final ObjectMapper mapper = new ObjectMapper();

    static Stream<String> fixtures() {
        return NotificationFixtures.names();
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void flippedBytesNeverBreakIt(String fixture) {
        // Given
        Random random = new Random(fixture.hashCode());
        byte[] original = NotificationFixtures.bytes(fixture);

        for (int round = 0; round < 150; round++) {
            // When, Then
            decodeOrReject(flipped(original, random));
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void beginningsOfPayloadsAreAnsweredOrRefused(String fixture) {
        // Given
        byte[] original = NotificationFixtures.bytes(fixture);

        for (int length = 0; length <= original.length; length += 7) {
            // When, Then
            decodeOrReject(Arrays.copyOf(original, length));
        }
    }

    @ParameterizedTest
    @MethodSource("fixtures")
    void anyOtherKindOfValueInAnyPlaceNeverBreaksIt(String fixture) throws JsonProcessingException {
        // Given
        List<String> values = List.of("null", "-7", "\"\"", "\"x\"", "[null]", "{}");
        JsonNode original = mapper.readTree(NotificationFixtures.text(fixture));

        for (JsonPointer place : pointers(JsonPointer.empty(), original)) {
            for (String value : values) {
                // When, Then
                decodeOrReject(with(original.deepCopy(), place, mapper.readTree(value))
                        .toString()
                        .getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"[ | ]", "{\"Records\": | }", "{\"body\": | }", "{\"s3\": | }"})
    void aHundredLevelsOfAnythingAreAProblem(String opening, String closing) {
        // Given
        byte[] payload = nested(opening, closing);

        // When
        Notification notification = decoder.decode(payload);

        // Then
        assertEquals(1, notification.problems().size());
    }

    @Test
    void recordsWithinARecordAreNoEnvelope() {
        // Given
        byte[] payload = nested("{\"Records\":[", "]}");

        // When
        Notification notification = decoder.decode(payload);

        // Then
        assertEquals(
                List.of("Failed to decode payload.Records[0].eventName: it is missing. This record was skipped:"
                        + " compare the buckets to find its object."),
                notification.problems());
    }

    private static byte[] nested(String opening, String closing) {
        return (opening.repeat(100) + "null" + closing.repeat(100)).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] flipped(byte[] original, Random random) {
        byte[] payload = original.clone();
        for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
            payload[random.nextInt(payload.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return payload;
    }

    private void decodeOrReject(byte[] payload) {
        try {
            decoder.decode(payload);
        } catch (NotJsonException expected) {
            // It says so.
        } catch (RuntimeException | StackOverflowError e) {
            fail("Payload " + HexFormat.of().formatHex(payload), e);
        }
    }

    private static List<JsonPointer> pointers(JsonPointer place, JsonNode value) {
        List<JsonPointer> found = new ArrayList<>();
        found.add(place);
        for (Map.Entry<String, JsonNode> field : value.properties()) {
            found.addAll(pointers(place.appendProperty(field.getKey()), field.getValue()));
        }
        for (int index = 0; value.isArray() && index < value.size(); index++) {
            found.addAll(pointers(place.appendIndex(index), value.get(index)));
        }
        return found;
    }

    private static JsonNode with(JsonNode tree, JsonPointer place, JsonNode value) {
        if (place.matches()) {
            return value;
        }
        JsonNode parent = tree.at(place.head());
        if (parent instanceof ArrayNode array) {
            array.set(place.last().getMatchingIndex(), value);
        } else if (parent instanceof ObjectNode object) {
            object.set(place.last().getMatchingProperty(), value);
        }
        return tree;
    }
}
