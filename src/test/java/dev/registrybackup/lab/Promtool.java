package dev.registrybackup.lab;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Runs promtool, Prometheus' checker of rules. */
public final class Promtool {

    private static final Duration BOUND = Duration.ofMinutes(3);

    private Promtool() {}

    /** Checks that the rules can be parsed, with the templates of annotations; fails with its output if not. */
    public static String check(Path rules) {
        return run("check", rules);
    }

    /** Runs these tests with the rules they name, which are beside them; fails with its output if one fails. */
    public static String test(Path tests) {
        return run("test", tests);
    }

    private static String run(String what, Path file) {
        return new String(
                ChildProcess.run(
                        BOUND,
                        List.of("promtool", what, "rules", file.toAbsolutePath().toString())),
                StandardCharsets.UTF_8);
    }
}
