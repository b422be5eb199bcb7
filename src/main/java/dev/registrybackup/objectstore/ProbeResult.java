package dev.registrybackup.objectstore;

import java.util.Optional;

/**
 * What a store said when it was asked about its bucket.
 *
 * @param value the answer; empty if it gave none
 * @param reason why it gave none, for a human; empty if it gave one
 * @param isPermanent whether it would give none if it were asked again: for want of a right, or since it does not know the
 *     question; else it failed
 * @param <T> what was asked for
 */
public record ProbeResult<T>(Optional<T> value, String reason, boolean isPermanent) {
    /** The answer. */
    public static <T> ProbeResult<T> of(T value) {
        return new ProbeResult<>(Optional.of(value), "", false);
    }

    /** None, since the store failed. */
    public static <T> ProbeResult<T> transientFailure(String reason) {
        return new ProbeResult<>(Optional.empty(), reason, false);
    }

    /** None, for want of a right or of such a question. */
    public static <T> ProbeResult<T> permanentFailure(String reason) {
        return new ProbeResult<>(Optional.empty(), reason, true);
    }
}
