package dev.registrybackup.reconcile.rclone;

import java.util.Optional;

/**
 * How a run ended.
 *
 * @param exit the process's exit code; 128 and a signal's number if it was killed
 * @param whole whether its output ended with a whole line
 */
record ProcessResult(int exit, boolean whole, RcloneLog log) {
    private static final int DIFFERENCES = 1;

    /** What went wrong in a run that has nothing to report but its output. */
    Optional<String> problem() {
        if (exit != 0) {
            return Optional.of(exitProblem());
        }
        return outputProblem();
    }

    /** What went wrong in a comparison that told of so many differing and so many equal keys. */
    Optional<String> problemOfComparison(long differing, long same) {
        if (exit != 0 && exit != DIFFERENCES) {
            return Optional.of(exitProblem());
        }
        return outputProblem().or(() -> countProblem(differing, same));
    }

    private String exitProblem() {
        return "rclone ended with %d%s"
                .formatted(exit, log.error().map(error -> ": " + error).orElse(" and said nothing of why"));
    }

    private Optional<String> outputProblem() {
        return log.error()
                .map(error -> "rclone logged: " + error)
                .or(() -> whole ? Optional.empty() : Optional.of("what rclone printed ends in the middle of a line"));
    }

    /** A report that was cut short, or read wrongly, does not add up to what rclone counted. */
    private Optional<String> countProblem(long differing, long same) {
        if (exit == DIFFERENCES && log.differences().isEmpty()) {
            return Optional.of("rclone ended with 1 and did not say that this was for differences");
        }
        if (log.differences().orElse(0) != differing || (exit == DIFFERENCES && differing == 0)) {
            return Optional.of("rclone counted %d differing keys and reported %d"
                    .formatted(log.differences().orElse(0), differing));
        }
        if (log.matching().orElse(same) != same) {
            return Optional.of("rclone counted %d equal keys and reported %d"
                    .formatted(log.matching().orElse(same), same));
        }
        return Optional.empty();
    }
}
