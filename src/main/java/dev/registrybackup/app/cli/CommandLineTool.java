package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.operation.OperationKind;
import dev.registrybackup.restore.PreflightException;
import dev.registrybackup.restore.UnknownScopeException;
import dev.registrybackup.restore.VersioningDisabledException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** Runs one command line, prints its result and returns the exit code. For one call. */
public final class CommandLineTool {
    private final Backend backend;
    private final String user;
    private final PrintWriter out;
    private final PrintWriter error;
    private final ProgressDisplay progressDisplay;
    private final ResultPrinter printer;

    /**
     * A tool that prints to these writers.
     *
     * @param user who runs the command
     * @param out receives results
     * @param error receives progress and errors
     * @param terminal whether {@code error} is a terminal
     * @param nanoTime the time in nanoseconds, as from {@link System#nanoTime}
     */
    public CommandLineTool(
            Backend backend, String user, PrintWriter out, PrintWriter error, boolean terminal, LongSupplier nanoTime) {
        this.backend = backend;
        this.user = user;
        this.out = out;
        this.error = error;
        this.progressDisplay = new ProgressDisplay(error, terminal, nanoTime);
        this.printer = new ResultPrinter(out);
    }

    /**
     * Handles what needs no configuration and no store: help, the version, the shell's completion, and invalid
     * arguments. Returns empty if there is a command to run.
     */
    public static Optional<ExitCode> answerWithoutConfiguration(
            PrintWriter out, PrintWriter error, String... arguments) {
        CommandLine commands = Commands.commands();
        commands.setOut(out);
        commands.setErr(error);
        try {
            ParseResult parsed = commands.parseArgs(arguments);
            if (CommandLine.executeHelpRequest(parsed) != null) {
                return Optional.of(ExitCode.OK);
            }
            CommandLine command = Commands.last(parsed).commandSpec().commandLine();
            if (!command.getSubcommands().isEmpty()) {
                command.usage(error);
                return Optional.of(ExitCode.USAGE);
            }
            if (command.getCommandName().equals(Commands.COMPLETION)) {
                out.print(AutoComplete.bash(commands.getCommandName(), commands));
                return Optional.of(ExitCode.OK);
            }
            return Optional.empty();
        } catch (CommandLine.ParameterException e) {
            error.println(e.getMessage());
            error.println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
            return Optional.of(ExitCode.USAGE);
        } finally {
            out.flush();
            error.flush();
        }
    }

    /** The directory that valid arguments name as a store, if they do. */
    public static Optional<String> directory(String... arguments) {
        return new Arguments(Commands.last(Commands.commands().parseArgs(arguments))).text("--directory");
    }

    /** Runs a command for which {@link #answerWithoutConfiguration} returned empty. */
    public ExitCode run(String... arguments) {
        try {
            return dispatch(Commands.last(Commands.commands().parseArgs(arguments)));
        } catch (IllegalArgumentException e) {
            error.println(e.getMessage());
            return ExitCode.USAGE;
        } catch (UnknownScopeException
                | VersioningDisabledException
                | PreflightException
                | NoSuchOperationException e) {
            error.println(e.getMessage());
            return ExitCode.FINDINGS;
        } catch (RuntimeException e) {
            error.println(e.getMessage());
            return ExitCode.UNKNOWN;
        } finally {
            out.flush();
            error.flush();
        }
    }

    private ExitCode dispatch(ParseResult parsed) {
        Arguments given = new Arguments(parsed);
        return switch (parsed.commandSpec().name()) {
            case "restore" -> restore(given);
            case "preflight" -> preflight(given, backend.preflight(given.preflightRequest()));
            case "canary" -> preflight(given, backend.canary());
            case "verify" -> run(given, OperationKind.VERIFY, given.verifyRequest());
            case "reconcile" -> run(given, OperationKind.RECONCILE, given.reconcileRequest());
            case "drill" -> run(given, OperationKind.DRILL, given.drillRequest());
            case "catalog" -> catalog(given);
            case "acknowledge" ->
                report(given, backend.acknowledge(given.findingCode(), given.subject(), given.until(), user));
            case "acknowledged" -> report(given, backend.acknowledged());
            case "list" -> report(given, backend.operations(), printer::operations);
            case "show" -> report(given, backend.operation(given.id()));
            case "cancel" -> report(given, backend.cancel(given.id(), user));
            case "run" -> runOperation(given, backend.runOperation(given.id(), progressDisplay::show));
            default ->
                throw new IllegalStateException("Command '%s' is not implemented"
                        .formatted(parsed.commandSpec().name()));
        };
    }

    private ExitCode restore(Arguments given) {
        ObjectNode request = given.restoreRequest();
        return given.has("--dry-run")
                ? report(given, backend.plan(request))
                : run(given, OperationKind.RESTORE, request);
    }

    private ExitCode run(Arguments given, OperationKind kind, ObjectNode request) {
        return finish(given, backend.run(kind, request, user, progressDisplay::show));
    }

    private ExitCode catalog(Arguments given) {
        Optional<String> repository = given.text("--repository");
        ObjectNode answer = backend.catalog(repository, given.text("--after"), given.text("--limit"));
        return report(given, answer, repository.isPresent() ? printer::repository : printer::repositories);
    }

    private ExitCode preflight(Arguments given, JsonNode answer) {
        report(given, answer, printer::preflight);
        if (answer.path("ready").asBoolean()) {
            return ExitCode.OK;
        }
        boolean hasFailed = answer.path("checks")
                .valueStream()
                .anyMatch(check -> check.path("state").asText().equals("fail"));
        return hasFailed ? ExitCode.FINDINGS : ExitCode.UNKNOWN;
    }

    private ExitCode report(Arguments given, JsonNode answer) {
        return report(given, answer, json -> out.println(json.toPrettyString()));
    }

    private ExitCode report(Arguments given, JsonNode answer, Consumer<JsonNode> print) {
        if (given.has("--json")) {
            out.println(answer.toString());
        } else {
            print.accept(answer);
        }
        return ExitCode.OK;
    }

    /**
     * Exits with 0 except on failure, for a Job: Kubernetes restarts a pod with another exit code, which runs the
     * operation again under the same id. That would not remove findings, and it would take over an operation that
     * another process runs.
     */
    private ExitCode runOperation(Arguments given, JsonNode operation) {
        ExitCode code = finish(given, operation);
        return operation.path("state").asText().equals("failed") ? code : ExitCode.OK;
    }

    private ExitCode finish(Arguments given, JsonNode operation) {
        progressDisplay.clear();
        report(given, operation, printer::operation);
        return ExitCode.of(operation);
    }
}
