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
import java.util.function.LongSupplier;
import picocli.CommandLine;
import picocli.CommandLine.ParseResult;

/** Does what the arguments say, prints what came of it, and tells the exit code. For one call. */
public final class CommandLineTool {
    private final Backend backend;
    private final PrintWriter out;
    private final PrintWriter error;
    private final ProgressDisplay progressDisplay;

    /**
     * A tool that prints there.
     *
     * @param out for what was asked for
     * @param error for progress and complaints
     * @param terminal whether somebody watches
     * @param nanoTime the time in nanoseconds, as {@link System#nanoTime} has it
     */
    public CommandLineTool(
            Backend backend, PrintWriter out, PrintWriter error, boolean terminal, LongSupplier nanoTime) {
        this.backend = backend;
        this.out = out;
        this.error = error;
        this.progressDisplay = new ProgressDisplay(error, terminal, nanoTime);
    }

    /**
     * Answers what needs no configuration and no store: help, the version, and arguments that are not a command. Empty if
     * there is a command to run.
     */
    public static Optional<ExitCode> answerWithoutConfiguration(
            PrintWriter out, PrintWriter error, String... arguments) {
        CommandLine commands = Commands.commands();
        commands.setOut(out);
        commands.setErr(error);
        try {
            ParseResult parsed = commands.parseArgs(arguments);
            if (CommandLine.executeHelpRequest(parsed) != null) {
                return Optional.of(ExitCode.FINE);
            }
            CommandLine command = Commands.last(parsed).commandSpec().commandLine();
            if (!command.getSubcommands().isEmpty()) {
                command.usage(error);
                return Optional.of(ExitCode.USAGE);
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

    /** Runs the command. */
    public ExitCode run(String... arguments) {
        return answerWithoutConfiguration(out, error, arguments).orElseGet(() -> runCommand(arguments));
    }

    private ExitCode runCommand(String... arguments) {
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
            return ExitCode.COULD_NOT_TELL;
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
            case "backup" -> backedUp(given, backend.backUp(progressDisplay::show));
            case "verify" ->
                ended(given, backend.run(OperationKind.VERIFY, given.verifyRequest(), progressDisplay::show));
            case "reconcile" ->
                ended(given, backend.run(OperationKind.RECONCILE, given.reconcileRequest(), progressDisplay::show));
            case "catalog" ->
                told(given, backend.catalog(given.text("--repository"), given.text("--after"), given.text("--limit")));
            case "list" -> told(given, backend.operations());
            case "show" -> told(given, backend.operation(given.id()));
            case "cancel" -> told(given, backend.cancel(given.id()));
            case "run" -> attempted(given, backend.attempt(given.id(), progressDisplay::show));
            default ->
                throw new IllegalStateException("Command '%s' is not implemented"
                        .formatted(parsed.commandSpec().name()));
        };
    }

    private ExitCode restore(Arguments given) {
        ObjectNode request = given.restoreRequest();
        return given.has("--dry-run")
                ? told(given, backend.plan(request))
                : ended(given, backend.run(OperationKind.RESTORE, request, progressDisplay::show));
    }

    private ExitCode backedUp(Arguments given, JsonNode answer) {
        progressDisplay.end();
        told(given, answer);
        if (answer.path("failed").asLong() > 0) {
            return ExitCode.COULD_NOT_TELL;
        }
        return answer.path("problems").isEmpty() ? ExitCode.FINE : ExitCode.FINDINGS;
    }

    private ExitCode preflight(Arguments given, JsonNode answer) {
        told(given, answer);
        if (answer.path("ready").asBoolean()) {
            return ExitCode.FINE;
        }
        boolean lacks = answer.path("points")
                .valueStream()
                .anyMatch(point -> point.path("state").asText().equals("missing"));
        return lacks ? ExitCode.FINDINGS : ExitCode.COULD_NOT_TELL;
    }

    private ExitCode told(Arguments given, JsonNode answer) {
        out.println(given.has("--json") ? answer.toString() : answer.toPrettyString());
        return ExitCode.FINE;
    }

    /**
     * For a Job, which begins again whatever does not exit with 0. Findings would not go away by that, and an operation
     * that another attempt carries on would lose that one to it.
     */
    private ExitCode attempted(Arguments given, JsonNode operation) {
        ExitCode code = ended(given, operation);
        return operation.path("state").asText().equals("failed") ? code : ExitCode.FINE;
    }

    private ExitCode ended(Arguments given, JsonNode operation) {
        progressDisplay.end();
        if (given.has("--json")) {
            out.println(operation.toString());
        } else {
            ResultPrinter.print(operation, out);
        }
        return ExitCode.of(operation);
    }
}
