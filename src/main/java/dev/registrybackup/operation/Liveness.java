package dev.registrybackup.operation;

/**
 * Whether some process works on an operation, according to its runner.
 *
 * @param kind the answer
 * @param reason why it is dead or unknown; empty if it runs
 */
public record Liveness(Kind kind, String reason) {
    /** A process works on it, or is about to. */
    public static final Liveness RUNNING = new Liveness(Kind.RUNNING, "");

    /** The answer of a runner. */
    public enum Kind {
        /** A process works on it, or is about to. */
        RUNNING,
        /** No process works on it. */
        DEAD,
        /** It cannot be determined, so nothing may be concluded. */
        UNKNOWN
    }

    /** No process works on it, for this reason. */
    public static Liveness dead(String reason) {
        return new Liveness(Kind.DEAD, reason);
    }

    /** It cannot be determined, for this reason. */
    public static Liveness unknown(String reason) {
        return new Liveness(Kind.UNKNOWN, reason);
    }
}
