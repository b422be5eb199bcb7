/**
 * Makes the backup have what one registry key has now: blobs proved, links only after what they point to. An event's key
 * is all that is taken from it.
 */
@NullMarked
package dev.registrybackup.replicate;

import org.jspecify.annotations.NullMarked;
