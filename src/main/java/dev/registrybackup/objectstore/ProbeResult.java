package dev.registrybackup.objectstore;

import java.util.Optional;

/**
 * A store's response to a request about its bucket.
 *
 * @param value the value; empty if there is none
 * @param reason why there is none, for people; empty if there is one
 * @param isPermanent whether a retry would not help, because a right is missing or the store does not support the
 * request; otherwise the store failed
 * @param <T> the type of the value
 */
public record ProbeResult<T>(Optional<T> value, String reason, boolean isPermanent) {
    /** A known value. */
    public static <T> ProbeResult<T> of(T value) {
        return new ProbeResult<>(Optional.of(value), "", false);
    }

    /** No value, because the store failed. */
    public static <T> ProbeResult<T> transientFailure(String reason) {
        return new ProbeResult<>(Optional.empty(), reason, false);
    }

    /** No value, because a right is missing or the store does not support the request. */
    public static <T> ProbeResult<T> permanentFailure(String reason) {
        return new ProbeResult<>(Optional.empty(), reason, true);
    }
}
