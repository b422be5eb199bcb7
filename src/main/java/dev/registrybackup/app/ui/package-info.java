/**
 * The page for people: what is known of the backup, read only, as HTML without scripts. If it cannot read a value, it
 * shows the last known one with its timestamp. Start with {@link Pages}.
 */
@NullMarked
package dev.registrybackup.app.ui;

import org.jspecify.annotations.NullMarked;
