package dev.registrybackup.app;

import io.quarkus.runtime.annotations.RegisterForReflection;

/**
 * Declares what a native executable must keep although no code names it: the classes that Caffeine looks up by name for
 * a cache with a maximum size and an expiry after writes.
 */
@RegisterForReflection(
        classNames = {"com.github.benmanes.caffeine.cache.SSMSW", "com.github.benmanes.caffeine.cache.PSWMS"})
final class NativeReflection {
    private NativeReflection() {}
}
