package dev.registrybackup.lab;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Prometheus' own checker of rules. */
public final class Promtool {

    private static final Duration BOUND = Duration.ofMinutes(3);

    private Promtool() {}

    /** Has it look whether the rules can be read, templates of annotations among them; fails with what it says if not. */
    public static String check(Path rules) {
        return run("check", rules);
    }

    /** Has it run these tests, with the rules that they name, beside them; fails with what it says if one fails. */
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
