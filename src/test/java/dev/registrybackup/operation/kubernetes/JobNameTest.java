package dev.registrybackup.operation.kubernetes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.OperationRequest;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobNameTest {
    @ParameterizedTest
    @CsvSource({
        "registry, restore-registry",
        "registry-2, restore-registry-2",
        "Registry, restore-registry-ab318f31",
        "my.bucket, restore-my-bucket-9ebdbdcc",
        "s3://a/b, restore-s3-a-b-ee712fb6",
        "a-, restore-a-9c267428",
        "ö, restore-f5399f6b",
        "_, restore-a9f1898f"
    })
    void aNameIsTheKindAndTheSlotAsFarAsKubernetesTakesThem(String slot, String name) {
        assertEquals(name, name(slot));
    }

    @Test
    void aLongNameIsCutAndDistinguishedFromOthersThatBeginAlike() {
        // Given
        String slot = "a".repeat(100);

        // When
        Set<String> names = List.of(slot, slot + "b", slot + "c").stream()
                .map(JobNameTest::name)
                .collect(Collectors.toSet());

        // Then
        assertEquals(3, names.size());
        for (String name : names) {
            assertTrue(name.matches("restore-a{35}-[0-9a-f]{8}"), name);
            assertEquals(JobName.MAX_LENGTH, name.length());
        }
    }

    @Test
    void theLongestThatFitsIsLeftAsItIs() {
        // When
        String name = name("a".repeat(JobName.MAX_LENGTH - "restore-".length()));

        // Then
        assertEquals(JobName.MAX_LENGTH, name.length());
        assertTrue(name.matches("restore-a+"), name);
    }

    private static String name(String slot) {
        return JobName.of(new OperationRequest(
                new OperationId("20261122T134500Z-1f3a9c2e"),
                OperationKind.RESTORE,
                slot,
                JsonNodeFactory.instance.objectNode(),
                "alice",
                Instant.EPOCH));
    }
}
