package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.reconcile.rclone.Difference.Kind;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Parses the output of {@code --combined -}: a sign, a space and a key, relative to the shard's prefix. */
final class CombinedReportReader {
    private static final Map<Character, Kind> SIGNS = Map.of(
            '=', Kind.SAME,
            '+', Kind.ONLY_IN_REGISTRY,
            '-', Kind.ONLY_IN_BACKUP,
            '*', Kind.DIFFERENT,
            '!', Kind.UNREADABLE);
    private static final int KEY_OFFSET = 2;
    private static final int EXIT_DIFFERENCES = 1;

    private final String prefix;
    private final Consumer<Difference> consumer;
    private Optional<String> problem = Optional.empty();
    private final Map<Kind, Long> counts = new EnumMap<>(Kind.class);

    CombinedReportReader(String prefix, Consumer<Difference> found) {
        this.prefix = prefix;
        this.consumer = found;
    }

    /** Reads the next line. {@link #problem} reports the first one that cannot be parsed. */
    void accept(String line) {
        @Nullable Kind kind = line.length() > KEY_OFFSET && line.charAt(1) == ' ' ? SIGNS.get(line.charAt(0)) : null;
        if (kind == null) {
            problem = problem.or(() -> Optional.of("rclone printed a line that is not part of its report: " + line));
            return;
        }
        String key = prefix + line.substring(KEY_OFFSET);
        counts.merge(kind, 1L, Long::sum);
        if (kind == Kind.UNREADABLE) {
            problem = problem.or(() -> Optional.of("rclone could not read " + key));
        }
        consumer.accept(new Difference(kind, key));
    }

    /** Why the report is not reliable, after the run has finished; empty if it is. */
    Optional<String> problem(RcloneProcess.Result result) {
        boolean isComparison = result.exitCode() == 0 || result.exitCode() == EXIT_DIFFERENCES;
        Optional<String> ending = isComparison
                ? result.outputProblem().or(() -> countProblem(result))
                : Optional.of(result.exitProblem());
        if (problem.isPresent() && ending.isPresent()) {
            return Optional.of(problem.get() + "; " + ending.get());
        }
        return problem.or(() -> ending);
    }

    /** The counts of a truncated or misread report differ from rclone's own counts. */
    private Optional<String> countProblem(RcloneProcess.Result result) {
        RcloneLog log = result.log();
        boolean hasDifferences = result.exitCode() == EXIT_DIFFERENCES;
        if (hasDifferences && log.differingCount().isEmpty()) {
            return Optional.of("rclone exited with 1 and did not log differences as the reason");
        }
        long differing = count(Kind.ONLY_IN_REGISTRY, Kind.ONLY_IN_BACKUP, Kind.DIFFERENT);
        if (log.differingCount().orElse(0) != differing || (hasDifferences && differing == 0)) {
            return Optional.of("rclone counted %d differing keys and reported %d"
                    .formatted(log.differingCount().orElse(0), differing));
        }
        long same = count(Kind.SAME);
        if (log.matchingCount().orElse(same) != same) {
            return Optional.of("rclone counted %d equal keys and reported %d"
                    .formatted(log.matchingCount().orElse(same), same));
        }
        return Optional.empty();
    }

    long keys() {
        return count(Kind.values());
    }

    /** Whether some line shows that the registry's store was readable. */
    boolean sawRegistryKey() {
        return count(Kind.SAME, Kind.ONLY_IN_REGISTRY, Kind.DIFFERENT) > 0;
    }

    /** Whether some line shows that the backup's store was readable. */
    boolean sawBackupKey() {
        return count(Kind.SAME, Kind.ONLY_IN_BACKUP, Kind.DIFFERENT) > 0;
    }

    private long count(Kind... kinds) {
        return Arrays.stream(kinds)
                .mapToLong(kind -> counts.getOrDefault(kind, 0L))
                .sum();
    }
}
