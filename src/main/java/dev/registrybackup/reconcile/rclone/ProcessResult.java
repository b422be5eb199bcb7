package dev.registrybackup.reconcile.rclone;

import java.util.Optional;

/**
 * How a run ended.
 *
 * @param exitCode the process's exit code; 128 and a signal's number if it was killed
 * @param isComplete whether its output ended with a whole line
 */
record ProcessResult(int exitCode, boolean isComplete, RcloneLog log) {
    private static final int EXIT_DIFFERENCES = 1;

    /** What went wrong in a run that has nothing to report but its output. */
    Optional<String> problem() {
        if (exitCode != 0) {
            return Optional.of(exitProblem());
        }
        return outputProblem();
    }

    /** What went wrong in a comparison that told of so many differing and so many equal keys. */
    Optional<String> comparisonProblem(long differing, long same) {
        if (exitCode != 0 && exitCode != EXIT_DIFFERENCES) {
            return Optional.of(exitProblem());
        }
        return outputProblem().or(() -> countProblem(differing, same));
    }

    private String exitProblem() {
        return "rclone ended with %d%s"
                .formatted(exitCode, log.error().map(error -> ": " + error).orElse(" and said nothing of why"));
    }

    private Optional<String> outputProblem() {
        return log.error()
                .map(error -> "rclone logged: " + error)
                .or(() -> isComplete
                        ? Optional.empty()
                        : Optional.of("what rclone printed ends in the middle of a line"));
    }

    /** A report that was cut short, or read wrongly, does not add up to what rclone counted. */
    private Optional<String> countProblem(long differing, long same) {
        if (exitCode == EXIT_DIFFERENCES && log.differingCount().isEmpty()) {
            return Optional.of("rclone ended with 1 and did not say that this was for differences");
        }
        if (log.differingCount().orElse(0) != differing || (exitCode == EXIT_DIFFERENCES && differing == 0)) {
            return Optional.of("rclone counted %d differing keys and reported %d"
                    .formatted(log.differingCount().orElse(0), differing));
        }
        if (log.matchingCount().orElse(same) != same) {
            return Optional.of("rclone counted %d equal keys and reported %d"
                    .formatted(log.matchingCount().orElse(same), same));
        }
        return Optional.empty();
    }
}
