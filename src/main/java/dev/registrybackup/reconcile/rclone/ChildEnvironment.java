package dev.registrybackup.reconcile.rclone;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What rclone's process gets to know: this process's environment, but of rclone's settings only our own. */
final class ChildEnvironment {
    private ChildEnvironment() {}

    /**
     * The environment of a process that knows these stores and reads this file for its configuration.
     *
     * @param foreignPlace a place of a remote that only the environment knows, {@code remote:path}
     */
    static Map<String, String> of(
            Map<String, String> parent, Path configuration, List<RcloneRemote> remotes, Optional<String> foreignPlace) {
        Map<String, String> environment = new TreeMap<>(parent);
        boolean needsCredentials = remotes.stream().anyMatch(RcloneRemote::usesProcessCredentials);
        Optional<String> kept = foreignPlace.map(ChildEnvironment::variablePrefix);
        environment
                .keySet()
                .removeIf(name -> name.startsWith("RCLONE_")
                        && kept.filter(name::startsWith).isEmpty());
        environment.keySet().removeIf(name -> name.startsWith("AWS_") && !needsCredentials);
        // rclone 1.60 ends at once if it is set: "unable to load custom CA bundle".
        environment.remove("AWS_CA_BUNDLE");
        // Otherwise it would read the user's own, and what that says of a remote of the same name.
        environment.put("RCLONE_CONFIG", configuration.toString());
        remotes.forEach(rcloneRemote -> environment.putAll(rcloneRemote.environment()));
        return environment;
    }

    /** What the variables of the place's remote start with; a directory has none. */
    private static String variablePrefix(String place) {
        int colon = place.indexOf(':');
        return "RCLONE_CONFIG_" + place.substring(0, Math.max(colon, 0)).toUpperCase(Locale.ROOT) + "_";
    }
}
