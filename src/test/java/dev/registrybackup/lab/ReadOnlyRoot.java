package dev.registrybackup.lab;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Runs a program on a read-only root without capabilities, like a container of the manifests, in a mount namespace made by
 * util-linux. Needs the right to create one.
 */
public final class ReadOnlyRoot {
    private static final Duration BOUND = Duration.ofMinutes(2);

    /** Its arguments are the one directory that can be written, or nothing, and the program. */
    private static final String ENTER = """
            while read -r device point type options; do
                case $type in
                    proc | sysfs | dev* | cgroup* | mqueue | securityfs | tracefs | debugfs | bpf) continue ;;
                esac
                mount -o remount,bind,ro "$point" 2>/dev/null || true
            done </proc/self/mounts
            [ -z "$1" ] || mount -t tmpfs tmpfs "$1"
            for place in / /var/tmp "$HOME" "$PWD"; do
                if touch "$place/.written" 2>/dev/null; then echo "$place can be written" >&2; exit 71; fi
            done
            shift
            exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
            """;

    private ReadOnlyRoot() {}

    /** Whether this machine lets one be made. */
    public static boolean canBeMade() {
        try {
            ChildProcess.run(BOUND, prefix(Optional.empty(), "true"));
            return true;
        } catch (RuntimeException notHere) {
            return false;
        }
    }

    /** The command that runs this one so. */
    public static List<String> prefix(Optional<String> writable, String... command) {
        List<String> whole = new ArrayList<>(List.of("unshare", "--mount", "--propagation", "private"));
        if (!"root".equals(System.getProperty("user.name"))) {
            whole.addAll(List.of("--user", "--map-root-user"));
        }
        whole.addAll(List.of("sh", "-ec", ENTER, "sh", writable.orElse("")));
        whole.addAll(List.of(command));
        return whole;
    }
}
