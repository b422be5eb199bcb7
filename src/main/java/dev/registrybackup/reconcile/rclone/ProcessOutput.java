package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** What a process prints, line by line as it comes; a process that prints faster than it is read waits. */
final class ProcessOutput {
    // A key has at most 1024 bytes.
    private static final int MAX_LINE_BYTES = 1 << 14;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final long POLL_MILLIS = 10;

    private final Process process;
    private final Consumer<String> lines;
    private final ByteArrayOutputStream partialLine = new ByteArrayOutputStream();

    ProcessOutput(Process process, Consumer<String> lines) {
        this.process = process;
        this.lines = lines;
    }

    /** Tells of every line until the process has closed its output; false if that was in the middle of one. */
    boolean readAll() throws IOException, InterruptedException {
        InputStream output = process.getInputStream();
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count = read(output, buffer); count >= 0; count = read(output, buffer)) {
            splitLines(buffer, count);
        }
        return partialLine.size() == 0;
    }

    private int read(InputStream output, byte[] buffer) throws IOException, InterruptedException {
        // An interrupt does not end a read, so nothing is read that has not come yet; it does end this wait.
        while (output.available() == 0) {
            if (process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                return output.read(buffer);
            }
        }
        if (Thread.interrupted()) {
            throw new InterruptedException("Interrupted while reading what rclone prints");
        }
        return output.read(buffer, 0, Math.min(buffer.length, Math.max(1, output.available())));
    }

    private void splitLines(byte[] buffer, int count) throws IOException {
        int start = 0;
        for (int at = 0; at < count; at++) {
            if (buffer[at] == '\n') {
                append(buffer, start, at - start);
                start = at + 1;
                lines.accept(partialLine.toString(UTF_8));
                partialLine.reset();
            }
        }
        append(buffer, start, count - start);
    }

    private void append(byte[] buffer, int start, int count) throws IOException {
        partialLine.write(buffer, start, count);
        if (partialLine.size() > MAX_LINE_BYTES) {
            throw new IOException("it printed a line of more than %d bytes".formatted(MAX_LINE_BYTES));
        }
    }
}
