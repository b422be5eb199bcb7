/**
 * Lists the repositories and images of a backup, and which of them can be restored: one document for each repository,
 * written when it was verified, or built from the bucket now. Unlike inventory it reads ImageStreams.
 * Start with {@link Catalog}.
 */
@NullMarked
package dev.registrybackup.catalog;

import org.jspecify.annotations.NullMarked;
