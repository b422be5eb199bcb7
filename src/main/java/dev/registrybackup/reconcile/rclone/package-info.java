/**
 * Runs the rclone program, which compares the stores of registry and backup. A report is valid only if
 * rclone logged no error, because rclone reports a missing bucket as an empty one. Start with {@link Rclone}.
 */
@NullMarked
package dev.registrybackup.reconcile.rclone;

import org.jspecify.annotations.NullMarked;
