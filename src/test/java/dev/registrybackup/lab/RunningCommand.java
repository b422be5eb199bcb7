package dev.registrybackup.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The product's jar as a running command, with the environment of the tests and additional variables. */
public final class RunningCommand implements AutoCloseable {

    private static final Duration BOUND = Duration.ofMinutes(5);

    private final ChildProcess process;

    private RunningCommand(List<String> command, Map<String, String> environment) {
        process = ChildProcess.start("command", TemporaryDirectory.create("command"), command, environment);
    }

    /** Starts it. */
    public static RunningCommand start(Map<String, String> environment, String... arguments) {
        return start(environment, List.of(), arguments);
    }

    /** Starts it where everything but that directory is read-only ({@link ReadOnlyRoot}). */
    public static RunningCommand startReadOnly(Map<String, String> environment, String writable, String... arguments) {
        return start(environment, ReadOnlyRoot.prefix(Optional.of(writable)), arguments);
    }

    /** Starts it with a terminal as its standard error, which is then {@link ProductCommand#output()}. */
    public static RunningCommand startOnTerminal(Map<String, String> environment, String... arguments) {
        String line = command(List.of(), arguments).stream()
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" "));
        return new RunningCommand(List.of("script", "-qefc", line + " >/dev/null", "/dev/null"), environment);
    }

    private static RunningCommand start(Map<String, String> environment, List<String> inside, String... arguments) {
        return new RunningCommand(command(inside, arguments), environment);
    }

    private static List<String> command(List<String> inside, String... arguments) {
        // A command of some seconds ends before code is worth compiling a second time.
        List<String> command = new ArrayList<>(inside);
        command.addAll(Product.command(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1")));
        command.addAll(List.of(arguments));
        return command;
    }

    /** Waits until it ends by itself, and returns the result. */
    public ProductCommand ended() {
        return new ProductCommand(process.awaitExit(BOUND), process.output(), process.errors());
    }

    /** Kills it and its children, as a power failure would; returns what it had written. */
    public String kill() {
        process.kill();
        return process.logTail();
    }

    @Override
    public void close() {
        process.kill();
        process.close();
    }
}
