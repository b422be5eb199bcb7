/**
 * Our own records in the backup bucket, all under {@code registry-backup/}: what is <i>owed</i> (recorded, to be copied
 * yet), <i>rejected</i> (will never succeed), <i>incomplete</i> (published although the registry lacks a part too) and
 * <i>withheld</i> (not published, since a part of it is corrupt).
 */
@NullMarked
package dev.registrybackup.ledger;

import org.jspecify.annotations.NullMarked;
