package dev.registrybackup.store;

import java.util.Optional;

/**
 * What a store said when it was asked about its bucket.
 *
 * @param value the answer; empty if it gave none
 * @param reason why it gave none, for a human; empty if it gave one
 * @param isSettled whether it would give none if it were asked again: for want of a right, or since it does not know the
 *     question; else it failed
 * @param <T> what was asked for
 */
public record Told<T>(Optional<T> value, String reason, boolean isSettled) {
    /** The answer. */
    public static <T> Told<T> of(T value) {
        return new Told<>(Optional.of(value), "", false);
    }

    /** None, since the store failed. */
    public static <T> Told<T> nothing(String reason) {
        return new Told<>(Optional.empty(), reason, false);
    }

    /** None, for want of a right or of such a question. */
    public static <T> Told<T> settled(String reason) {
        return new Told<>(Optional.empty(), reason, true);
    }
}
