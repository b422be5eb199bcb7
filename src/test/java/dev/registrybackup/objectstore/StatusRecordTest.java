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

class StatusRecordTest {
    private static final String KEY = "registry-backup/any/last";
    private static final Instant TIME = Instant.parse("2026-11-16T00:00:00Z");

    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, new SettableClock());
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final StatusRecord record = new StatusRecord(backup, KEY);

    private static ObjectNode counted(ObjectNode before) {
        return before.put("runs", before.path("runs").asInt() + 1);
    }

    @Test
    void eachTakesThePlaceOfTheOneBeforeAndLeavesNoVersionOfIt() {
        // Given
        record.update(StatusRecordTest::counted);

        // When
        record.update(StatusRecordTest::counted);

        // Then
        assertEquals("{\"runs\":2}", record.read().toString());
        assertEquals(1, bucket.versionCount(KEY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "none", "{\"runs\":"})
    void aRecordThatIsNoneIsAsGoodAsNoneAndIsReplaced(String text) {
        // Given
        bucket.seed(KEY, text.getBytes(StandardCharsets.UTF_8));
        ObjectNode read = record.read();

        // When
        record.update(StatusRecordTest::counted);

        // Then
        assertEquals("{}", read.toString());
        assertEquals("{\"runs\":1}", record.read().toString());
    }

    @Test
    void aStoreThatDoesNotAnswerIsNoEmptyRecord() {
        // Given
        record.update(StatusRecordTest::counted);
        backup.beforeRequest((operation, key) -> {
            throw new ObjectStoreException(StoreError.UNAVAILABLE, "Failed to read it: a test says so");
        });

        // When
        ObjectStoreException thrown = assertThrows(ObjectStoreException.class, record::read);

        // Then
        assertEquals(StoreError.UNAVAILABLE, thrown.error());
        assertThrows(ObjectStoreException.class, () -> record.update(StatusRecordTest::counted));
        assertEquals("{\"runs\":1}", new String(bucket.bytes(KEY), StandardCharsets.UTF_8));
    }

    @Test
    void aTimeIsReadAsItWasPutAndAnythingElseIsNone() {
        // Given
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("word", "yesterday");

        // When
        StatusRecord.putTime(json, "at", Optional.of(TIME));
        StatusRecord.putTime(json, "none", Optional.empty());

        // Then
        assertEquals("{\"word\":\"yesterday\",\"at\":\"2026-11-16T00:00:00Z\"}", json.toString());
        assertEquals(Optional.of(TIME), StatusRecord.parseTime(json, "at"));
        assertEquals(Optional.empty(), StatusRecord.parseTime(json, "none"));
        assertEquals(Optional.empty(), StatusRecord.parseTime(json, "word"));
    }
}
