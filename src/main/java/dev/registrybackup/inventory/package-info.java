/**
 * What a store holds of a registry: links as they are or were, blobs, manifests, and whether images are whole. Reads
 * only. <i>Whole</i>: all that an image needs is there. <i>Sparse</i>: an index whose children are not all there, which
 * registries allow.
 */
@NullMarked
package dev.registrybackup.inventory;

import org.jspecify.annotations.NullMarked;
