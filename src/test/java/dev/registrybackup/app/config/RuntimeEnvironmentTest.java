package dev.registrybackup.app.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.operation.CompletionIndex;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RuntimeEnvironmentTest {
    @Test
    void aPodOfAnIndexedJobHasItsIndex() {
        // When
        RuntimeEnvironment pod = RuntimeEnvironment.of(Map.of("JOB_COMPLETION_INDEX", "3", "JOB_COMPLETIONS", "16"));

        // Then
        assertEquals(new CompletionIndex(3, 16), pod.completionIndex());
    }

    @Test
    void anIndexedJobThatIsNotOursDividesNothing() {
        // When
        RuntimeEnvironment pod = RuntimeEnvironment.of(Map.of("JOB_COMPLETION_INDEX", "3"));

        // Then
        assertEquals(CompletionIndex.ONLY, pod.completionIndex());
    }
}
