package dev.registrybackup.reconcile.rclone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Runs rclone, one process a call. */
final class RcloneProcess {
    private final Map<String, String> environment;
    private final Path scratch;

    /** With this environment and no other, and with logs in this directory while it runs. */
    RcloneProcess(Map<String, String> environment, Path scratch) {
        this.environment = Map.copyOf(environment);
        this.scratch = scratch;
    }

    /**
     * Runs it to its end, and tells of each line it prints as it comes. The process does not outlive this call, however it
     * ends.
     *
     * @throws IOException if it cannot be started, or what it printed or logged cannot be read
     */
    ProcessResult run(List<String> command, Consumer<String> lines) throws IOException, InterruptedException {
        // A second pipe would need a second thread to read it.
        Path log = Files.createTempFile(scratch, "rclone-", ".log");
        try {
            Process process = start(command, log);
            try {
                boolean whole = new ProcessOutput(process, lines).readAll();
                return new ProcessResult(process.waitFor(), whole, RcloneLog.read(log));
            } finally {
                process.destroyForcibly();
            }
        } finally {
            Files.deleteIfExists(log);
        }
    }

    private Process start(List<String> command, Path log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.start();
        // It has nothing to ask.
        process.getOutputStream().close();
        return process;
    }
}
