package dev.registrybackup.reconcile.rclone;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** Runs of the program that end with a problem or without: never with an exception of the process or the files it needs. */
final class RcloneRunner {
    private final RcloneProcess rcloneProcess;

    RcloneRunner(RcloneProcess rcloneProcess) {
        this.rcloneProcess = rcloneProcess;
    }

    /** Runs it and tells of its lines; what the ending says of problems is returned, or why there is no ending. */
    Optional<String> run(
            List<String> command, Consumer<String> lines, Function<ProcessResult, Optional<String>> judgement) {
        try {
            return judgement.apply(rcloneProcess.run(command, lines));
        } catch (IOException e) {
            return Optional.of("rclone could not be run or read: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("it was interrupted, and rclone ended");
        }
    }
}
