/**
 * Finds what is wrong in a store and changes nothing there: links, manifests and blobs that are missing or corrupt,
 * images that cannot be restored. "Missing" is never concluded from an error. Start with {@link Verification} and
 * {@link RepositoryVerifier}.
 */
@NullMarked
package dev.registrybackup.verify;

import org.jspecify.annotations.NullMarked;
