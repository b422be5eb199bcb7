/**
 * The registry's vocabulary: the grammar of its bucket, names, links, manifests and what they reference. Pure: no input
 * or output, no clock.
 */
@NullMarked
package dev.registrybackup.registry;

import org.jspecify.annotations.NullMarked;
