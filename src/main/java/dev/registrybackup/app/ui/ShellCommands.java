package dev.registrybackup.app.ui;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The commands that a page shows, for a POSIX shell: of kubectl's plugin if this process is in a pod, otherwise of the
 * program.
 *
 * @param namespace the namespace of this pod; empty if this process is not in one
 * @param isOpenShift whether ImageStreams can be restored too
 */
record ShellCommands(Optional<String> namespace, boolean isOpenShift) {
    /** The namespace that the plugin uses by default. */
    private static final String PLUGIN_NAMESPACE = "registry-backup";

    private static final Pattern SAFE_UNQUOTED = Pattern.compile("[A-Za-z0-9._/:@=+-]+");

    /** The command to restore everything. */
    Map<String, Object> restoreAll() {
        return restore("everything", "--all");
    }

    /** The command to restore a repository. */
    Map<String, Object> restoreRepository(String name) {
        return restore("repository " + name, "--repository " + quoted(name));
    }

    /** The command to restore one image, by tag or digest. */
    Map<String, Object> restoreImage(String reference) {
        return restore("image " + reference, "--image " + quoted(reference));
    }

    private Map<String, Object> restore(String what, String scope) {
        return Map.of(
                "what",
                what,
                "command",
                watched("restore " + scope),
                "isInCluster",
                namespace.isPresent(),
                "isOpenShift",
                isOpenShift);
    }

    /** The command to verify the backup. */
    String verifyAll() {
        return watched("verify --all");
    }

    /** The command to acknowledge an alarm. */
    String acknowledge(String alarmId) {
        return watched("reconcile --acknowledge " + quoted(alarmId));
    }

    /** The plugin starts an operation and returns, unless it is to watch it. */
    private String watched(String arguments) {
        return namespace
                .map(name -> "kubectl registry-backup "
                        + (name.equals(PLUGIN_NAMESPACE) ? "" : "-n " + quoted(name) + " ")
                        + arguments
                        + " --watch")
                .orElse("registry-backup " + arguments);
    }

    /** Quotes a text as one word for the shell. */
    static String quoted(String text) {
        return SAFE_UNQUOTED.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
