package dev.registrybackup.reconcile.rclone;

/**
 * How a comparison ended.
 *
 * @param isReliable whether what was found may be relied upon. If not, nothing may be concluded from it: a store that could not be listed looks
 *     as if it had nothing
 * @param problem why it does not count, for a human; empty if it does
 * @param keys how many keys rclone told of, the equal ones too
 * @param command what was run, quoted for a shell and without credentials
 */
public record Comparison(boolean isReliable, String problem, long keys, String command) {}
