package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.concurrent.ExpiringCaches;
import dev.registrybackup.concurrent.SettableClock;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentMap;
import org.junit.jupiter.api.Test;

/** The classes declared for native executables are those that libraries look up by name. */
class NativeReflectionTest {
    @Test
    void theClassesOfOurCachesAreDeclared() throws ReflectiveOperationException {
        // Given
        ConcurrentMap<String, String> cache = ExpiringCaches.<String>create(
                        new SettableClock(), Duration.ofSeconds(1), 1)
                .asMap();

        Field nodes = Class.forName("com.github.benmanes.caffeine.cache.BoundedLocalCache")
                .getDeclaredField("nodeFactory");
        nodes.setAccessible(true);

        // When
        Set<String> declared = Set.of(NativeReflection.class
                .getAnnotation(RegisterForReflection.class)
                .classNames());

        // Then
        assertEquals(
                Set.of(cache.getClass().getName(), nodes.get(cache).getClass().getName()), declared);
    }
}
