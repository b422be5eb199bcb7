/**
 * What a store has of a registry: links as they are or were at a time, blobs, manifests, whether images are complete,
 * and since when the registry lacks what the backup has. Reads only, but for the record of what is missing. Start with
 * {@link Links} and {@link ImageCompleteness}.
 */
@NullMarked
package dev.registrybackup.inventory;

import org.jspecify.annotations.NullMarked;
