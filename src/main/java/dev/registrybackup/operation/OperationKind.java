package dev.registrybackup.operation;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** The kinds of operations. */
public enum OperationKind {
    /** Copies images from the backup to a registry's bucket. */
    RESTORE,
    /** Reads a store and reports what is missing or corrupt. */
    VERIFY,
    /** Compares the registry with the backup and copies the differences. */
    RECONCILE,
    /** Restores some images into a prefix of its own, verifies them, and deletes them. */
    DRILL;

    /** The name in records, URLs and Jobs. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<OperationKind> fromLabel(String label) {
        return Arrays.stream(values())
                .filter(kind -> kind.label().equals(label))
                .findFirst();
    }
}
