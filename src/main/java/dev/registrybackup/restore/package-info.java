/**
 * Brings a registry, or a part of it, back from the backup: chosen by scope and time, proved blob by blob, and visible to
 * a client only once all that it needs is there. <i>Root</i>: a link by which a client finds an image.
 */
@NullMarked
package dev.registrybackup.restore;

import org.jspecify.annotations.NullMarked;
