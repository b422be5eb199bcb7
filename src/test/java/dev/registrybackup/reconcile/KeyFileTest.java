package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that do not fit into memory. */
class KeyFileTest {
    private final Path scratch;

    KeyFileTest(@TempDir Path directory) {
        scratch = directory;
    }

    @Test
    void keysComeBackInTheirOrder() {
        // Given
        List<String> keys = IntStream.range(0, 10_000)
                .mapToObj(number -> "a;b c/Å%d".formatted(number))
                .toList();
        List<String> read = new ArrayList<>();
        try (KeyFile file = new KeyFile(scratch)) {
            keys.forEach(file::add);

            // When
            file.forEach(read::add);
        }

        // Then
        assertEquals(keys, read);
        assertEquals(List.of(), files());
    }

    @Test
    void clearedKeysDoNotComeBack() {
        // Given
        List<String> read = new ArrayList<>();
        try (KeyFile file = new KeyFile(scratch)) {
            file.add("a");
            file.forEach(key -> {});

            // When
            file.clear();
            file.add("b");
            file.forEach(read::add);
        }

        // Then
        assertEquals(List.of("b"), read);
        assertEquals(List.of(), files());
    }

    @Test
    void withoutKeysThereIsNoFile() {
        // Given
        List<String> read = new ArrayList<>();
        try (KeyFile file = new KeyFile(scratch)) {

            // When
            file.forEach(read::add);

            // Then
            assertEquals(List.of(), files());
        }
        assertEquals(List.of(), read);
    }

    @Test
    void whereItCannotBeWrittenTheSettingIsNamed() {
        // Given
        try (KeyFile file = new KeyFile(scratch.resolve("missing"))) {

            // When
            UncheckedIOException refusal = assertThrows(UncheckedIOException.class, () -> file.add("a"));

            // Then
            assertTrue(String.valueOf(refusal.getMessage()).contains("Set reconcile.scratch"), refusal.getMessage());
        }
    }

    private List<Path> files() {
        try (Stream<Path> files = Files.list(scratch)) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
