/**
 * Reads what a store has: links now or at a time, blobs, manifests, whether images are complete, and since when keys of
 * the backup are missing from the registry. Writes only the record of those. Start with {@link Links} and
 * {@link ImageCompleteness}.
 */
@NullMarked
package dev.registrybackup.inventory;

import org.jspecify.annotations.NullMarked;
