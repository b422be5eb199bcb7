package dev.registrybackup.reconcile.rclone;

/**
 * The result of a comparison.
 *
 * @param problem why it is not reliable, for people; empty if it is
 * @param keys how many keys rclone reported, including equal ones
 * @param command the command, quoted for a shell and without credentials
 */
public record Comparison(String problem, long keys, String command) {
    /** Whether the result is reliable. If not, nothing may be concluded from it: a store that cannot be listed appears empty. */
    public boolean isReliable() {
        return problem.isEmpty();
    }
}
