package dev.registrybackup.objectstore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataStoreTest {
    private static final String KEY = "registry-backup/any/last";
    private static final Instant TIME = Instant.parse("2026-11-16T00:00:00Z");

    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, new SettableClock());
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final MetadataStore records = new MetadataStore(backup);

    private static ObjectNode counted(ObjectNode before) {
        return before.put("runs", before.path("runs").asInt() + 1);
    }

    @Test
    void eachTakesThePlaceOfTheOneBeforeAndLeavesNoVersionOfIt() {
        // Given
        records.update(KEY, MetadataStoreTest::counted);

        // When
        records.update(KEY, MetadataStoreTest::counted);

        // Then
        assertEquals("{\"runs\":2}", records.read(KEY).toString());
        assertEquals(1, bucket.versionCount(KEY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "none", "{\"runs\":"})
    void aRecordThatIsNoneIsAsGoodAsNoneAndIsReplaced(String text) {
        // Given
        bucket.seed(KEY, text.getBytes(StandardCharsets.UTF_8));
        ObjectNode read = records.read(KEY);

        // When
        records.update(KEY, MetadataStoreTest::counted);

        // Then
        assertEquals("{}", read.toString());
        assertEquals("{\"runs\":1}", records.read(KEY).toString());
    }

    @Test
    void aStoreThatDoesNotAnswerIsNoEmptyRecord() {
        // Given
        records.update(KEY, MetadataStoreTest::counted);
        backup.failAlways(StoreError.UNAVAILABLE, "a test says so");

        // When
        ObjectStoreException thrown = assertThrows(ObjectStoreException.class, () -> records.read(KEY));

        // Then
        assertEquals(StoreError.UNAVAILABLE, thrown.error());
        assertThrows(ObjectStoreException.class, () -> records.update(KEY, MetadataStoreTest::counted));
        assertEquals("{\"runs\":1}", new String(bucket.bytes(KEY), StandardCharsets.UTF_8));
    }

    @Test
    void aTimeIsReadAsItWasPutAndAnythingElseIsNone() {
        // Given
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("word", "yesterday");

        // When
        MetadataStore.putTime(json, "at", Optional.of(TIME));
        MetadataStore.putTime(json, "none", Optional.empty());

        // Then
        assertEquals("{\"word\":\"yesterday\",\"at\":\"2026-11-16T00:00:00Z\"}", json.toString());
        assertEquals(Optional.of(TIME), MetadataStore.parseTime(json, "at"));
        assertEquals(Optional.empty(), MetadataStore.parseTime(json, "none"));
        assertEquals(Optional.empty(), MetadataStore.parseTime(json, "word"));
    }
}
