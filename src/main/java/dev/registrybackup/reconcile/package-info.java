/**
 * Goes over everything: rclone says in what the registry's store and the backup differ, what it names is brought by the
 * same copier as events bring it, and rclone confirms. What the registry lacks is recorded, and removed late or never.
 */
@NullMarked
package dev.registrybackup.reconcile;

import org.jspecify.annotations.NullMarked;
