package dev.registrybackup.reconcile.rclone;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version as the program prints it, such as {@code v1.60.1-DEV}. */
record RcloneVersion(int major, int minor, String name) {
    // Debian 12 has this one. All that is asked of it is tested with it.
    static final RcloneVersion MINIMUM = new RcloneVersion(1, 60, "1.60");

    private static final Pattern FIRST_LINE = Pattern.compile("rclone (v(\\d{1,6})\\.(\\d{1,6})\\S*)");

    /** Reads the first line of {@code rclone version}; empty if it is not one. */
    static Optional<RcloneVersion> parse(String line) {
        Matcher found = FIRST_LINE.matcher(line.strip());
        return found.matches()
                ? Optional.of(new RcloneVersion(
                        Integer.parseInt(found.group(2)), Integer.parseInt(found.group(3)), found.group(1)))
                : Optional.empty();
    }

    boolean isOlderThan(RcloneVersion other) {
        return major != other.major ? major < other.major : minor < other.minor;
    }
}
