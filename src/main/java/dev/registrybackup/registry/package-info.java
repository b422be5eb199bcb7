/**
 * The vocabulary of a registry: digests and their verification, the grammar of its bucket, names, links, manifests and
 * what they reference. Pure: no input or output, no framework. Start with {@link RegistryLayout}, which draws the
 * bucket, and {@link DigestVerifier}.
 */
@NullMarked
package dev.registrybackup.registry;

import org.jspecify.annotations.NullMarked;
