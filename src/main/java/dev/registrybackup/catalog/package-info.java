/**
 * What repositories a backup has, and what of them can be restored: in one <i>document</i> for each repository, written
 * when it was verified, or <i>live</i>, from the backup as it is now.
 */
@NullMarked
package dev.registrybackup.catalog;

import org.jspecify.annotations.NullMarked;
