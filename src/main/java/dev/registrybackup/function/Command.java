package dev.registrybackup.function;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.command.Actions;
import dev.registrybackup.command.CommandLineTool;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.transfer.Lanes;
import io.quarkus.runtime.QuarkusApplication;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine;

/** The program as a command. */
public class Command implements QuarkusApplication {
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final OnDemand onDemand;
    private final Attempts attempts;
    private final Fill fill;
    private final Lanes lanes;

    /** Created once. */
    public Command(OnDemand onDemand, Attempts attempts, Fill fill, Lanes lanes) {
        this.onDemand = onDemand;
        this.attempts = attempts;
        this.fill = fill;
        this.lanes = lanes;
    }

    @Override
    public int run(String... arguments) {
        return new CommandLineTool(
                        new Here(),
                        standardOutput(),
                        standardError(),
                        CommandLine.Help.Ansi.AUTO.enabled(),
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

    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }

    private final class Here implements Actions {
        @Override
        public ObjectNode plan(ObjectNode request) {
            return onDemand.plan(request);
        }

        @Override
        public ObjectNode preflight(ObjectNode request) {
            return onDemand.preflight(request);
        }

        @Override
        public ObjectNode run(OperationKind kind, ObjectNode request, Consumer<Meter.Reading> progress) {
            return attempt(onDemand.record(kind, request, user()).value(), progress);
        }

        @Override
        public ObjectNode attempt(String id, Consumer<Meter.Reading> progress) {
            OperationId operation = new OperationId(id);
            try (Lanes.Repeated showing =
                    lanes.every(LOOK, () -> attempts.reading().ifPresent(progress))) {
                attempts.run(operation);
            }
            return onDemand.operation(Optional.of(id));
        }

        @Override
        public ObjectNode backUp(Consumer<Meter.Reading> progress) {
            Meter meter = new Meter();
            try (Lanes.Repeated showing = lanes.every(LOOK, () -> progress.accept(meter.read()))) {
                return fill.run(meter);
            }
        }

        @Override
        public ObjectNode operation(String id) {
            return onDemand.operation(Optional.of(id));
        }

        @Override
        public ObjectNode operations() {
            return onDemand.operations();
        }

        @Override
        public ObjectNode cancel(String id) {
            ObjectNode named = JsonNodeFactory.instance.objectNode().put("id", id);
            return onDemand.cancel(named, user()).json();
        }

        @Override
        public ObjectNode catalog(Optional<String> repository, Optional<String> after, Optional<String> limit) {
            return onDemand.catalog(repository, after, limit);
        }

        private String user() {
            return System.getProperty("user.name") + "@"
                    + Optional.ofNullable(System.getenv("HOSTNAME")).orElse("local");
        }
    }
}
