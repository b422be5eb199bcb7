/**
 * Restores a registry, or a part of it, from the backup: chosen by scope and time, each blob verified again, links
 * only after everything below them, tags last. Start with {@link Restore}, then {@link ScopedRestore} or {@link
 * FullRestore}.
 */
@NullMarked
package dev.registrybackup.restore;

import org.jspecify.annotations.NullMarked;
