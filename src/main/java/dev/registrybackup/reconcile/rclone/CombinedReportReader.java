package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.reconcile.rclone.Difference.Kind;
import java.util.Optional;
import java.util.function.Consumer;

/** Reads what {@code --combined -} prints: a sign, a blank and a key, relative to the part's prefix. */
final class CombinedReportReader {
    private static final int KEY_OFFSET = 2;

    private final String prefix;
    private final Consumer<Difference> consumer;
    private Optional<String> problem = Optional.empty();
    private long same;
    private long onlyInRegistry;
    private long onlyInBackup;
    private long different;
    private long unreadable;

    CombinedReportReader(String prefix, Consumer<Difference> found) {
        this.prefix = prefix;
        this.consumer = found;
    }

    /** Takes the next line. One that cannot be read is kept for {@link #problem}. */
    void accept(String line) {
        Optional<Kind> kind =
                line.length() > KEY_OFFSET && line.charAt(1) == ' ' ? kind(line.charAt(0)) : Optional.empty();
        if (kind.isEmpty()) {
            problem = problem.or(() -> Optional.of("rclone printed a line that is none of its report: " + line));
            return;
        }
        String key = prefix + line.substring(KEY_OFFSET);
        count(kind.get(), key);
        consumer.accept(new Difference(kind.get(), key));
    }

    private static Optional<Kind> kind(char sign) {
        return switch (sign) {
            case '=' -> Optional.of(Kind.SAME);
            case '+' -> Optional.of(Kind.ONLY_IN_REGISTRY);
            case '-' -> Optional.of(Kind.ONLY_IN_BACKUP);
            case '*' -> Optional.of(Kind.DIFFERENT);
            case '!' -> Optional.of(Kind.UNREADABLE);
            default -> Optional.empty();
        };
    }

    private void count(Kind kind, String key) {
        switch (kind) {
            case SAME -> same++;
            case ONLY_IN_REGISTRY -> onlyInRegistry++;
            case ONLY_IN_BACKUP -> onlyInBackup++;
            case DIFFERENT -> different++;
            case UNREADABLE -> {
                unreadable++;
                problem = problem.or(() -> Optional.of("rclone could not read " + key));
            }
        }
    }

    /** Why the lines so far can't be relied upon. */
    Optional<String> problem() {
        return problem;
    }

    long keys() {
        return same + differing() + unreadable;
    }

    long same() {
        return same;
    }

    long differing() {
        return onlyInRegistry + onlyInBackup + different;
    }

    /** Whether some line proves that the registry's store was there to be read. */
    boolean sawRegistryKey() {
        return same + onlyInRegistry + different > 0;
    }

    /** Whether some line proves that the backup's store was there to be read. */
    boolean sawBackupKey() {
        return same + onlyInBackup + different > 0;
    }
}
