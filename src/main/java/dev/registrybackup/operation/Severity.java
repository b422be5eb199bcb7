package dev.registrybackup.operation;

/** The severity of a finding, worst first. */
public enum Severity {
    /** Something cannot be pulled or restored. */
    CRITICAL,
    /** Something is wrong that breaks less than a pull. */
    ERROR,
    /** Something that an operator should check. */
    WARNING,
    /** Normal, or temporary. */
    INFO,
    /** It cannot be determined whether something is wrong. */
    UNKNOWN;

    /** The name in records and metrics. */
    public String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
