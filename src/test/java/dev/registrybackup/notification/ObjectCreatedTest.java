package dev.registrybackup.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ObjectCreatedTest {
    @ParameterizedTest
    @CsvSource({"'', key", "bucket, ''"})
    void aNoticeOfNoObjectIsRefused(String bucket, String key) {
        // When
        IllegalArgumentException refusal = assertThrows(
                IllegalArgumentException.class,
                () -> new ObjectCreated(bucket, key, OptionalLong.empty(), Optional.empty()));

        // Then
        assertEquals(
                "A notification needs a bucket and a key, not \"%s\" and \"%s\"".formatted(bucket, key),
                refusal.getMessage());
    }
}
