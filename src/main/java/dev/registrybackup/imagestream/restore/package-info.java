/**
 * Restores ImageStreams and Images into a cluster, after the blobs and links they need: by status, with their history
 * and times, or by mapping, with the rights of an editor. Nothing that the cluster has is removed. Start with {@link
 * ImageStreamRestore}.
 */
@NullMarked
package dev.registrybackup.imagestream.restore;

import org.jspecify.annotations.NullMarked;
