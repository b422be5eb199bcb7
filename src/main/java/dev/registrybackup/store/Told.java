package dev.registrybackup.store;

import java.util.Optional;

/**
 * What a store said when it was asked about its bucket.
 *
 * @param value the answer; empty if it gave none
 * @param reason why it gave none, for a human; empty if it gave one
 * @param isRefused whether it gave none for want of a right; else it does not know the question, or failed
 * @param <T> what was asked for
 */
public record Told<T>(Optional<T> value, String reason, boolean isRefused) {
    /** The answer. */
    public static <T> Told<T> of(T value) {
        return new Told<>(Optional.of(value), "", false);
    }

    /** None, since the store does not know the question or failed. */
    public static <T> Told<T> nothing(String reason) {
        return new Told<>(Optional.empty(), reason, false);
    }

    /** None, for want of a right. */
    public static <T> Told<T> refused(String reason) {
        return new Told<>(Optional.empty(), reason, true);
    }
}
