/**
 * Checks that everything the backup needs is there before it is relied upon: rights, versioning, lifecycle, clocks,
 * notifications, rclone, the cluster. Each check passes, warns, fails or is unknown, and names the command that fixes
 * it. Start with {@link Preflight}.
 */
@NullMarked
package dev.registrybackup.check;

import org.jspecify.annotations.NullMarked;
