/**
 * Which repositories and images a backup has, and which of them can be restored: one document for each repository,
 * written when it was verified, or read from the bucket now. It reads ImageStreams, which inventory does not know.
 * Start with {@link Catalog}.
 */
@NullMarked
package dev.registrybackup.catalog;

import org.jspecify.annotations.NullMarked;
