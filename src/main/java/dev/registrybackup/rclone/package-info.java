/**
 * The adapter to the rclone program, which tells in what the registry's store and the backup differ. It compares and lists;
 * it copies, changes and removes nothing.
 */
@NullMarked
package dev.registrybackup.rclone;

import org.jspecify.annotations.NullMarked;
