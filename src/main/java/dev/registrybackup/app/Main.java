package dev.registrybackup.app;

import dev.registrybackup.app.cli.CommandLineTool;
import dev.registrybackup.app.cli.ExitCode;
import dev.registrybackup.app.config.ConfigurationException;
import dev.registrybackup.logging.LogEvent;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Starts the service, or with arguments runs one command and exits. */
@QuarkusMain
public class Main {
    /** A command opens no port, logs to standard error, and accepts no events. */
    private static final Map<String, String> FOR_COMMANDS = Map.of(
            "quarkus.http.host-enabled", "false",
            "quarkus.log.console.stderr", "true",
            "is-command", "true",
            "service.role", "restore",
            "operations.runner", "process");

    public static void main(String... arguments) {
        if (arguments.length == 0) {
            Quarkus.run(null, Main::exit);
            return;
        }
        Optional<ExitCode> answered = CommandLineTool.answerWithoutConfiguration(
                CommandLineApplication.standardOutput(), CommandLineApplication.standardError(), arguments);
        if (answered.isPresent()) {
            System.exit(answered.get().code());
        }
        FOR_COMMANDS.forEach(System::setProperty);
        boolean isJob = arguments.length > 1 && arguments[0].equals("operation") && arguments[1].equals("run");
        if (!isJob) {
            // Only a Job's log is read like a service's.
            System.setProperty("quarkus.log.level", "WARN");
        }
        CommandLineTool.directory(arguments).ifPresent(path -> System.setProperty("command-directory", path));
        Quarkus.run(CommandLineApplication.class, Main::exit, arguments);
    }

    /** Exits. An invalid configuration prints one line on standard error and no stack trace. */
    private static void exit(int code, @Nullable Throwable failure) {
        if (failure == null) {
            System.exit(code);
            return;
        }
        List<String> problems = ConfigurationException.find(failure);
        PrintWriter error = CommandLineApplication.standardError();
        problems.forEach(error::println);
        error.flush();
        if (problems.isEmpty()) {
            LogEvent.of("start-failed")
                    .with("reason", failure.getMessage())
                    .log(System.getLogger(Main.class.getName()), System.Logger.Level.ERROR, failure);
        }
        System.exit(problems.isEmpty() ? code : ExitCode.USAGE.code());
    }
}
