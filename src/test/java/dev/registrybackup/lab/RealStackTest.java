package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.io.TempDir;

/** Which tests of the real stack run. */
class RealStackTest {

    private Path folder;

    @BeforeEach
    void installAllButTwo(@TempDir Path temporary) throws IOException {
        folder = temporary;
        for (String program : RealStack.PROGRAMS) {
            if (!program.equals("skopeo") && !program.equals("rclone")) {
                install(program);
            }
        }
    }

    @Test
    void testsAreSkippedAndTheMissingNamedUnlessTheStackIsRequired() {
        // Given
        RealStack required = stack(Map.of("PATH", folder.toString(), "REAL_STACK", "required"));

        // When
        ConditionEvaluationResult skipped =
                stack(Map.of("PATH", folder.toString())).decide();
        IllegalStateException failure = assertThrows(IllegalStateException.class, required::decide);

        // Then
        assertTrue(skipped.isDisabled());
        assertEquals("Not on the PATH: skopeo, rclone", skipped.getReason().orElseThrow());
        assertEquals("REAL_STACK is required. Not on the PATH: skopeo, rclone", failure.getMessage());
    }

    @Test
    void aTestThatNeedsOneProgramDoesNotNeedTheOthers() throws IOException {
        // Given
        install("rclone");
        RealStack stack = stack(Map.of("PATH", "/nowhere:" + folder));

        // When
        ConditionEvaluationResult one = stack.decide(List.of("rclone"));
        ConditionEvaluationResult other = stack.decide(List.of("skopeo"));

        // Then
        assertFalse(one.isDisabled());
        assertTrue(other.isDisabled());
    }

    private void install(String program) throws IOException {
        Files.createFile(
                folder.resolve(program),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }

    private static RealStack stack(Map<String, String> environment) {
        return new RealStack(environment);
    }
}
