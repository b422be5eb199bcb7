package dev.registrybackup.operation;

/** How bad it is, the worst first. */
public enum Severity {
    /** Something cannot be pulled or restored. */
    CRITICAL,
    /** Something is wrong that breaks less than a pull. */
    ERROR,
    /** Worth a look. */
    WARNING,
    /** By design, or gone by itself. */
    INFO,
    /** Whether anything is wrong could not be told. */
    UNKNOWN;

    /** The name for records and metrics. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
