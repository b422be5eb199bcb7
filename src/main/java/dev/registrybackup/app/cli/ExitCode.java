package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** What the shell is told. */
public enum ExitCode {
    /** Done, and nothing found wrong. */
    OK(0),
    /** Something is wrong or could not be done; the output names it. */
    FINDINGS(1),
    /** The command is none. */
    USAGE(2),
    /** Whether all is well could not be told: a store did not answer, or the operation was ended. */
    UNKNOWN(3);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    /** The number. */
    public int code() {
        return code;
    }

    /** That of an operation which stands so. */
    static ExitCode of(JsonNode operation) {
        boolean toldNothing = operation.at("/findings/counts").has("UNDETERMINED");
        return switch (operation.path("state").asText()) {
            case "succeeded" -> findings(operation) == 0 ? OK : FINDINGS;
            case "incomplete" -> toldNothing ? UNKNOWN : FINDINGS;
            default -> UNKNOWN;
        };
    }

    /** Findings that say no more than how things are by design do not count. */
    private static long findings(JsonNode operation) {
        long count = 0;
        for (var entry : operation.at("/findings/counts").properties()) {
            boolean byDesign = switch (entry.getKey()) {
                case "INDEX_SPARSE", "ORPHAN_BLOB", "STALE_UPLOAD", "TIME_APPROXIMATE" -> true;
                default -> false;
            };
            count += byDesign ? 0 : entry.getValue().asLong();
        }
        return count;
    }
}
