/**
 * ImageStreams and Images put back into a cluster, over blobs and links that are restored first. An <i>item</i> is what a
 * tag points to or pointed to; a <i>route</i> is a way to bring items back; a <i>point</i> is something that has to be so
 * before anything is written.
 */
@NullMarked
package dev.registrybackup.metadata;

import org.jspecify.annotations.NullMarked;
