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

class LastRecordTest {
    private static final String KEY = "registry-backup/any/last";
    private static final Instant TIME = Instant.parse("2026-11-16T00:00:00Z");

    private final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, new SettableClock());
    private final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    private final LastRecord record = new LastRecord(backup, KEY);

    private static ObjectNode counted(ObjectNode before) {
        return before.put("runs", before.path("runs").asInt() + 1);
    }

    @Test
    void eachTakesThePlaceOfTheOneBeforeAndLeavesNoVersionOfIt() {
        // Given
        record.rewrite(LastRecordTest::counted);

        // When
        record.rewrite(LastRecordTest::counted);

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
        record.rewrite(LastRecordTest::counted);

        // Then
        assertEquals("{}", read.toString());
        assertEquals("{\"runs\":1}", record.read().toString());
    }

    @Test
    void aStoreThatDoesNotAnswerIsNoEmptyRecord() {
        // Given
        record.rewrite(LastRecordTest::counted);
        backup.before((operation, key) -> {
            throw new ObjectStoreException(StoreError.UNAVAILABLE, "Failed to read it: a test says so");
        });

        // When
        ObjectStoreException thrown = assertThrows(ObjectStoreException.class, record::read);

        // Then
        assertEquals(StoreError.UNAVAILABLE, thrown.error());
        assertThrows(ObjectStoreException.class, () -> record.rewrite(LastRecordTest::counted));
        assertEquals("{\"runs\":1}", new String(bucket.bytes(KEY), StandardCharsets.UTF_8));
    }

    @Test
    void aTimeIsReadAsItWasPutAndAnythingElseIsNone() {
        // Given
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("word", "yesterday");

        // When
        LastRecord.put(json, "at", Optional.of(TIME));
        LastRecord.put(json, "none", Optional.empty());

        // Then
        assertEquals("{\"word\":\"yesterday\",\"at\":\"2026-11-16T00:00:00Z\"}", json.toString());
        assertEquals(Optional.of(TIME), LastRecord.time(json, "at"));
        assertEquals(Optional.empty(), LastRecord.time(json, "none"));
        assertEquals(Optional.empty(), LastRecord.time(json, "word"));
    }
}
