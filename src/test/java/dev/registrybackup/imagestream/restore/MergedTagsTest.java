package dev.registrybackup.imagestream.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MergedTagsTest {
    private static final Instant START = Instant.parse("2026-11-22T10:00:00Z");

    /** A tag with these items, newest first: {@code a5 b3} is image a from minute 5 on, before it b from minute 3 on. */
    private static JsonNode tags(String tag, String items) {
        ArrayNode tags = JsonNodeFactory.instance.arrayNode();
        if (!items.isEmpty()) {
            ArrayNode list = tags.addObject().put("tag", tag).putArray("items");
            for (String item : items.split(" ", -1)) {
                list.add(item(item.substring(0, 1), Long.parseLong(item.substring(1))));
            }
        }
        return tags;
    }

    private static ObjectNode item(String image, long minute) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("image", image)
                .put("created", START.plusSeconds(60 * minute).toString());
    }

    private static String items(JsonNode tags) {
        List<String> items = new ArrayList<>();
        tags.path(0).path("items").forEach(item -> {
            long minute = (Instant.parse(item.path("created").asText()).getEpochSecond() - START.getEpochSecond()) / 60;
            items.add(item.path("image").asText() + minute);
        });
        return String.join(" ", items);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // there  | wanted    | merged         | conflict
                "''       | b2 a1     | b2 a1          | false",
                "b2 a1    | b2 a1     | b2 a1          | false",
                "b2       | b2 a1     | b2 a1          | false",
                "a1       | b2 a1     | a1 b2          | true",
                "c9       | b2 a1     | c9 b2 a1       | true",
                "c9 b2 a1 | b2 a1     | c9 b2 a1       | true",
                "b8 a7    | b2 a1     | b8 a7          | false",
                "a7       | a3 b2 a1  | a7 b2 a1       | false",
                "c9 b5    | c9 a7 a1  | c9 a7 b5 a1    | false",
                "c9 b5    | ''        | c9 b5          | false",
            })
    void existingItemsStayAndMissingOnesAreInsertedByTime(
            String there, String wanted, String merged, boolean conflict) {
        // Given
        JsonNode before = tags("latest", there);
        // When
        MergedTags result = MergedTags.of(before, tags("latest", wanted), false);
        // Then
        assertEquals(merged, items(result.tags()));
        assertEquals(conflict, !result.conflicts().isEmpty());
        assertEquals(merged.equals(there) ? 0 : 1, result.changed());
    }

    @Test
    void aTagThatMayBeMovedPointsToTheCapturedImage() {
        // Given
        JsonNode before = tags("latest", "c9 b2");
        // When
        MergedTags result = MergedTags.of(before, tags("latest", "b2 a1"), true);
        // Then
        assertEquals("b2 c9 b2 a1", items(result.tags()));
        assertTrue(result.conflicts().isEmpty());
    }

    @Test
    void otherTagsAndFieldsStay() {
        // Given
        ArrayNode before = (ArrayNode) tags("mine", "a1");
        ((ObjectNode) before.get(0)).putArray("conditions").addObject().put("type", "ImportSuccess");
        // When
        MergedTags result = MergedTags.of(before, tags("latest", "b2"), false);
        // Then
        assertEquals(before.get(0), result.tags().get(0));
        assertEquals("latest", result.tags().get(1).path("tag").asText());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noPresentItemIsRemovedOrReorderedAndASecondMergeChangesNothing(long seed) {
        // Given
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            JsonNode there = random(random);
            JsonNode wanted = random(random);
            boolean mayMove = random.nextBoolean();
            String before = there.toString();
            // When
            MergedTags once = MergedTags.of(there, wanted, mayMove);
            MergedTags twice = MergedTags.of(once.tags(), wanted, mayMove);
            // Then
            String context = there + " with " + wanted;
            assertEquals(before, there.toString(), "its input is left alone");
            assertEquals(0, twice.changed(), context);
            assertEquals(once.tags(), twice.tags(), context);
            List<String> left = new ArrayList<>(List.of(items(there).split(" ", -1)));
            for (String item : items(once.tags()).split(" ", -1)) {
                if (!left.isEmpty() && left.get(0).equals(item)) {
                    left.remove(0);
                }
            }
            assertTrue(left.isEmpty() || left.equals(List.of("")), context);
            if (!mayMove && !there.isEmpty()) {
                assertEquals(there.at("/0/items/0"), once.tags().at("/0/items/0"), context);
            }
            if (mayMove && !wanted.isEmpty()) {
                assertEquals(wanted.at("/0/items/0/image"), once.tags().at("/0/items/0/image"), context);
            }
        }
    }

    private static JsonNode random(Random random) {
        List<String> items = new ArrayList<>();
        int minute = 20;
        for (int count = random.nextInt(6); count > 0; count--) {
            minute -= 1 + random.nextInt(3);
            items.add((char) ('a' + random.nextInt(4)) + "" + minute);
        }
        return tags("latest", String.join(" ", items));
    }
}
