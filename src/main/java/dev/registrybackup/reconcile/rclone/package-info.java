/** Runs the rclone program, and compares its listings of registry and backup. Start with {@link Rclone}. */
@NullMarked
package dev.registrybackup.reconcile.rclone;

import org.jspecify.annotations.NullMarked;
