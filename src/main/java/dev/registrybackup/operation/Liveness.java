package dev.registrybackup.operation;

/**
 * Whether anybody works on an operation, as far as its runner knows.
 *
 * @param kind whether
 * @param reason why nobody does, or why that could not be told; empty if somebody does
 */
public record Liveness(Kind kind, String reason) {
    /** Somebody works on it, or is about to. */
    public static final Liveness RUNNING = new Liveness(Kind.RUNNING, "");

    /** Whether anybody works on it. */
    public enum Kind {
        /** Somebody does, or is about to. */
        RUNNING,
        /** Nobody does. */
        DEAD,
        /** That could not be told, so nobody may conclude anything. */
        UNKNOWN
    }

    /** Nobody works on it, for that reason. */
    public static Liveness dead(String reason) {
        return new Liveness(Kind.DEAD, reason);
    }

    /** Whether anybody does could not be told, for that reason. */
    public static Liveness unknown(String reason) {
        return new Liveness(Kind.UNKNOWN, reason);
    }
}
