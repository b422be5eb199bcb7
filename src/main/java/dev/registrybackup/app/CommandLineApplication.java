package dev.registrybackup.app;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.app.cli.Backend;
import dev.registrybackup.app.cli.CommandLineTool;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.operation.AcknowledgedFindings;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationExecution;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.operation.ProgressTracker;
import io.quarkus.runtime.QuarkusApplication;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/** The program as a command. */
public class CommandLineApplication implements QuarkusApplication {
    private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

    private final OnDemandOperations onDemandOperations;
    private final OperationExecution execution;
    private final String runnerName;
    private final AcknowledgedFindings acknowledgedFindings;
    private final WorkerPools workerPools;

    /** Created once, with the parts that commands use. */
    public CommandLineApplication(
            OnDemandOperations onDemandOperations,
            OperationExecution execution,
            AcknowledgedFindings acknowledgedFindings,
            WorkerPools workerPools) {
        this.onDemandOperations = onDemandOperations;
        this.execution = execution;
        this.acknowledgedFindings = acknowledgedFindings;
        this.runnerName = Wiring.instance();
        this.workerPools = workerPools;
    }

    @Override
    public int run(String... arguments) {
        return new CommandLineTool(
                        new Here(),
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

    private final class Here implements Backend {
        @Override
        public ObjectNode plan(ObjectNode request) {
            return onDemandOperations.plan(request);
        }

        @Override
        public ObjectNode preflight(ObjectNode request) {
            return onDemandOperations.preflight(request);
        }

        @Override
        public ObjectNode canary() {
            return onDemandOperations.canary();
        }

        @Override
        public ObjectNode run(OperationKind kind, ObjectNode request, Consumer<ProgressTracker.Progress> progress) {
            return runOperation(onDemandOperations.record(kind, request, user()).value(), progress);
        }

        @Override
        public ObjectNode runOperation(String id, Consumer<ProgressTracker.Progress> progress) {
            OperationId operation = new OperationId(id);
            ProgressTracker progressTracker = new ProgressTracker();
            try (WorkerPools.ScheduledTask showing =
                    workerPools.scheduleAtFixedRate(POLL_INTERVAL, () -> progress.accept(progressTracker.progress()))) {
                execution.run(operation, runnerName, progressTracker);
            }
            return onDemandOperations.operation(id);
        }

        @Override
        public ObjectNode operation(String id) {
            return onDemandOperations.operation(id);
        }

        @Override
        public ObjectNode operations() {
            return onDemandOperations.operations();
        }

        @Override
        public ObjectNode cancel(String id) {
            return onDemandOperations.cancel(id, user()).json();
        }

        @Override
        public ObjectNode acknowledge(FindingCode code, String subject, Instant until) {
            return acknowledgedFindings.acknowledge(code, subject, until, user());
        }

        @Override
        public ObjectNode acknowledged() {
            return acknowledgedFindings.list();
        }

        @Override
        public ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit) {
            return onDemandOperations.catalog(repository, after, limit);
        }

        private String user() {
            return System.getProperty("user.name") + "@" + Wiring.hostName();
        }
    }
}
