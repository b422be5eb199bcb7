/**
 * Looks for what is wrong in a store, and changes nothing there. <i>Existence</i>: that what is needed is there and has
 * the right size; manifests and links are read all the same. <i>Content</i>: that the bytes of blobs are what their keys
 * say. <i>Suspicion</i>: what the listing lacks, until the store was asked for it once more.
 */
@NullMarked
package dev.registrybackup.verify;

import org.jspecify.annotations.NullMarked;
