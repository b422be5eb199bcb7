package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.JsonNode;

/** The exit codes of the command. */
public enum ExitCode {
    /** Done, no findings. */
    OK(0),
    /** There are findings, or something could not be done; the output names it. */
    FINDINGS(1),
    /** The command line is invalid. */
    USAGE(2),
    /** The result cannot be determined: a store did not answer, or the operation was stopped. */
    UNKNOWN(3);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    /** The number for {@link System#exit}. */
    public int code() {
        return code;
    }

    /** The exit code for an operation's status. */
    static ExitCode of(JsonNode operation) {
        boolean hasUnknown = operation.at("/findings/counts").has("UNDETERMINED");
        return switch (operation.path("state").asText()) {
            case "succeeded" -> findings(operation) == 0 ? OK : FINDINGS;
            case "incomplete" -> hasUnknown ? UNKNOWN : FINDINGS;
            default -> UNKNOWN;
        };
    }

    /** How many findings there are, except those of normal states. */
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
