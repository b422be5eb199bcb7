package dev.registrybackup.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The names of metrics in the code and in expressions. */
final class MetricNames {
    /** Prometheus' own, of each thing it scrapes. */
    private static final Set<String> FOREIGN = Set.of("up");

    private static final List<String> ENDINGS =
            List.of("", "_total", "_seconds", "_seconds_bucket", "_seconds_count", "_seconds_sum", "_seconds_max");
    private static final Pattern LITERAL = Pattern.compile("\"(registry_backup_[a-z_]+)\"");
    private static final Pattern NO_NAMES = Pattern.compile(
            "\"[^\"]*\"|\\{[^}]*}|\\b(?:by|without|on|ignoring|group_left|group_right)\\s*\\([^)]*\\)|\\[[^]]*]");
    private static final Pattern NAME = Pattern.compile("(?<![\\w.$])[a-z_:][\\w:]*\\b(?!\\s*\\()");
    private static final Set<String> OPERATORS = Set.of("and", "or", "unless", "bool", "offset");

    private MetricNames() {}

    /** The metrics in an expression, in order. */
    static Set<String> of(String expression) {
        Set<String> names = new TreeSet<>();
        // Strings first: a brace or bracket in one is none.
        Matcher matcher = NAME.matcher(
                NO_NAMES.matcher(expression.replaceAll("\"[^\"]*\"", "")).replaceAll(" "));
        while (matcher.find()) {
            if (!OPERATORS.contains(matcher.group())) {
                names.add(matcher.group());
            }
        }
        return names;
    }

    /** The names that neither the code nor Prometheus has. */
    static Set<String> unknown(Collection<String> asked) {
        Set<String> written = written();
        return asked.stream()
                .filter(name -> !FOREIGN.contains(name)
                        && ENDINGS.stream()
                                .noneMatch(ending -> name.endsWith(ending)
                                        && written.contains(name.substring(0, name.length() - ending.length()))))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The metrics of the code that are not among the names. */
    static Set<String> missingFrom(Collection<String> names) {
        return written().stream()
                .filter(metric -> ENDINGS.stream().noneMatch(ending -> names.contains(metric + ending)))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> written() {
        Set<String> written = new TreeSet<>();
        try (Stream<Path> all = Files.walk(Path.of("src/main/java/dev/registrybackup/app"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Matcher literals = LITERAL.matcher(Files.readString(file));
                while (literals.find()) {
                    written.add(literals.group(1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return written;
    }

    /** The names that a text of metrics does not have. */
    static Set<String> notIn(String metrics, Collection<String> asked) {
        Set<String> shown = metrics.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("[{ ]", 2)[0])
                .collect(Collectors.toSet());
        return asked.stream()
                .filter(name -> !FOREIGN.contains(name) && !shown.contains(name))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
