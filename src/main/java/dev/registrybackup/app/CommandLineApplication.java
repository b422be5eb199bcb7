package dev.registrybackup.app;

import dev.registrybackup.app.cli.CommandLineTool;
import io.quarkus.runtime.QuarkusApplication;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The program as a command. */
public class CommandLineApplication implements QuarkusApplication {
    private final OnDemandOperations onDemandOperations;

    public CommandLineApplication(OnDemandOperations onDemandOperations) {
        this.onDemandOperations = onDemandOperations;
    }

    @Override
    public int run(String... arguments) {
        return new CommandLineTool(
                        onDemandOperations,
                        System.getProperty("user.name") + "@" + Wiring.hostName(),
                        standardOutput(),
                        standardError(),
                        isTerminal(Path.of("/proc/self/fd/2")),
                        System::nanoTime)
                .run(arguments)
                .code();
    }

    static PrintWriter standardOutput() {
        return writer(FileDescriptor.out);
    }

    static PrintWriter standardError() {
        return writer(FileDescriptor.err);
    }

    /** Whether this file descriptor is a terminal; not known, and so false, on systems without {@code /proc}. */
    private static boolean isTerminal(Path descriptor) {
        try {
            String file = Files.readSymbolicLink(descriptor).toString();
            return file.startsWith("/dev/pts/") || file.startsWith("/dev/tty") || file.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }
}
