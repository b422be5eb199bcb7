/** The page for people: what is known of the backup, read only, as HTML without scripts. */
@NullMarked
package dev.registrybackup.page;

import org.jspecify.annotations.NullMarked;
