package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How everything is gone over. */
@ConfigMapping(prefix = "reconcile")
public interface ReconcileConfiguration {
    /** What becomes of what only the backup has: `keep`, or `mirror`: it is hidden in the backup after the retention. */
    @WithDefault("keep")
    String deletes();

    /** With `mirror`, for how long the registry has to have lacked an object before it is hidden in the backup. */
    @WithDefault("P30D")
    Duration retention();

    /** Which share of the registry's objects may vanish between two runs before an alarm stops all removals: 0.1 is a tenth. */
    @WithDefault("0.1")
    double alarmShare();

    /** How many objects may vanish between two runs before an alarm stops all removals. */
    @WithDefault("10000")
    long alarmNumber();

    /** How old an object is that events should have brought: if reconcile has to bring it, it counts as missed. */
    @WithDefault("PT15M")
    Duration eventLagThreshold();

    /** About how many keys rclone compares at once; it takes 8 KiB of memory for each. */
    @WithDefault("100000")
    long shardSize();

    /** The rclone program: 1.60 or newer. */
    @WithDefault("rclone")
    String rclone();

    /** A directory for the lists of a run: 200 bytes for each object that only the backup has. */
    @WithDefault("/tmp")
    String scratch();
}
