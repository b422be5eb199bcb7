package dev.registrybackup.function;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Starts the service, or, given arguments, does what they say and ends. */
@QuarkusMain
public class Main {
    /** A command opens no port, logs where it does not mix with its output, and takes nobody's events. */
    private static final Map<String, String> FOR_COMMANDS = Map.of(
            "quarkus.http.host-enabled", "false",
            "quarkus.log.console.stderr", "true",
            "is-command", "true",
            "service.role", "restore",
            "operations.run", "process");

    /** Called by the Java runtime. */
    public static void main(String... arguments) {
        if (arguments.length == 0) {
            Quarkus.run();
            return;
        }
        FOR_COMMANDS.forEach(System::setProperty);
        boolean isJob = arguments.length > 1 && arguments[0].equals("operation") && arguments[1].equals("run");
        if (!isJob) {
            // Only a Job's log is read like a service's.
            System.setProperty("quarkus.log.level", "WARN");
        }
        directory(List.of(arguments)).ifPresent(path -> System.setProperty("command-directory", path));
        Quarkus.run(Command.class, arguments);
    }

    private static Optional<String> directory(List<String> arguments) {
        int option = arguments.indexOf("--directory");
        return option >= 0 && option + 1 < arguments.size()
                ? Optional.of(arguments.get(option + 1))
                : arguments.stream()
                        .filter(argument -> argument.startsWith("--directory="))
                        .map(argument -> argument.substring("--directory=".length()))
                        .findFirst();
    }
}
