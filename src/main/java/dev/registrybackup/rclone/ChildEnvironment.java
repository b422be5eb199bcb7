package dev.registrybackup.rclone;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What rclone's process gets to know: this process's environment, but of rclone's settings only our own. */
final class ChildEnvironment {
    private ChildEnvironment() {}

    /** The environment of a process that knows these stores and reads this file for its configuration. */
    static Map<String, String> of(Map<String, String> parent, Path configuration, List<Remote> remotes) {
        Map<String, String> environment = new TreeMap<>(parent);
        boolean needsCredentials = remotes.stream().anyMatch(Remote::needsTheProcessCredentials);
        environment.keySet().removeIf(name -> name.startsWith("RCLONE_"));
        environment.keySet().removeIf(name -> name.startsWith("AWS_") && !needsCredentials);
        // rclone 1.60 ends at once if it is set: "unable to load custom CA bundle".
        environment.remove("AWS_CA_BUNDLE");
        // Otherwise it would read the user's own, and what that says of a remote of the same name.
        environment.put("RCLONE_CONFIG", configuration.toString());
        remotes.forEach(remote -> environment.putAll(remote.environment()));
        return environment;
    }
}
