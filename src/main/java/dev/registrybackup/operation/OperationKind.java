package dev.registrybackup.operation;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What an operation does. */
public enum OperationKind {
    /** Brings images from the backup back to a registry's bucket. */
    RESTORE,
    /** Reads a store and says what is wrong in it. */
    VERIFY,
    /** Goes over everything that the registry and the backup have. */
    RECONCILE;

    /** The name for records, addresses and Jobs. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<OperationKind> fromLabel(String label) {
        return Arrays.stream(values())
                .filter(kind -> kind.label().equals(label))
                .findFirst();
    }
}
