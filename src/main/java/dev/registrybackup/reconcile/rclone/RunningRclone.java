package dev.registrybackup.reconcile.rclone;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A process of rclone, whose output is read line by line. For one thread. */
final class RunningRclone implements AutoCloseable {
    // A key has at most 1024 bytes.
    private static final int MAX_LINE_BYTES = 1 << 14;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final long POLL_MILLIS = 10;

    private final Process process;
    private final Path log;
    private final Optional<CredentialsEndpoint> credentials;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int bufferStart;
    private int bufferEnd;
    private final byte[] line = new byte[MAX_LINE_BYTES];
    private boolean isComplete = true;

    private RunningRclone(Process process, Path log, Optional<CredentialsEndpoint> credentials) {
        this.process = process;
        this.log = log;
        this.credentials = credentials;
    }

    /**
     * Starts it. It gets no input.
     *
     * @param environment all its variables
     * @param scratch the directory for its log
     * @param credentials where it gets credentials, to be closed after it unless it cannot be started
     * @throws IOException if it cannot be started
     */
    static RunningRclone start(
            List<String> command,
            Map<String, String> environment,
            Path scratch,
            Optional<CredentialsEndpoint> credentials)
            throws IOException {
        // A second pipe would need a second thread to read it.
        Path log = Files.createTempFile(scratch, "rclone-", ".log");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
            builder.environment().clear();
            builder.environment().putAll(environment);
            Process process = builder.start();
            try {
                process.getOutputStream().close();
            } catch (IOException e) {
                process.destroyForcibly();
                throw e;
            }
            return new RunningRclone(process, log, credentials);
        } catch (IOException e) {
            Files.deleteIfExists(log);
            throw e;
        }
    }

    /**
     * Waits for the next line.
     *
     * @return empty once it has closed its output; an incomplete last line is left out
     * @throws IOException if the output cannot be read, or the line is too long
     */
    Optional<String> readLine(Charset charset) throws IOException, InterruptedException {
        int length = 0;
        while (true) {
            if (bufferStart == bufferEnd && !fill()) {
                isComplete &= length == 0;
                return Optional.empty();
            }
            byte next = buffer[bufferStart++];
            if (next == '\n') {
                return Optional.of(new String(line, 0, length, charset));
            }
            if (length == MAX_LINE_BYTES) {
                throw new IOException("it printed a line of more than %d bytes".formatted(MAX_LINE_BYTES));
            }
            line[length++] = next;
        }
    }

    /** Waits for more output; returns false if there is none. */
    private boolean fill() throws IOException, InterruptedException {
        bufferStart = 0;
        bufferEnd = Math.max(0, read());
        return bufferEnd > 0;
    }

    private int read() throws IOException, InterruptedException {
        InputStream output = process.getInputStream();
        // An interrupt ends this wait but not a blocking read, so reads start only once bytes are available.
        while (output.available() == 0) {
            if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                return output.read(buffer);
            }
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("Interrupted while reading the output of rclone");
        }
        return output.read(buffer, 0, Math.min(buffer.length, Math.max(1, output.available())));
    }

    /**
     * Waits for its end, once its output was read.
     *
     * @throws IOException if its log cannot be read
     */
    RcloneProcess.Result awaitEnd() throws IOException, InterruptedException {
        return new RcloneProcess.Result(process.waitFor(), isComplete, RcloneLog.read(log));
    }

    /** Stops it if it still runs, and deletes its log. */
    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        credentials.ifPresent(CredentialsEndpoint::close);
        Files.deleteIfExists(log);
    }
}
