/**
 * Looks whether everything that the backup needs is there, before it is relied upon: rights, versioning, lifecycle, clocks,
 * notifications, rclone, the cluster. Each thing looked at is a {@link dev.registrybackup.point.Point}; what is tried is
 * harmless and removed again.
 */
@NullMarked
package dev.registrybackup.preflight;

import org.jspecify.annotations.NullMarked;
