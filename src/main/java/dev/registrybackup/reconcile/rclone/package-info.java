/**
 * Runs the rclone program, which says in what the stores of registry and backup differ. A report is valid only if
 * rclone logged no error, because rclone reports a missing bucket as an empty one. Start with {@link Rclone}.
 */
@NullMarked
package dev.registrybackup.reconcile.rclone;

import org.jspecify.annotations.NullMarked;
