/**
 * What a registry on OpenShift keeps in the cluster and not in its bucket: <i>ImageStreams</i> (tags and their history,
 * and who may pull what) and <i>Images</i> (an image's layers and whence it came). Here they are captured into the backup,
 * under {@code registry-backup/openshift/}, and read from there as they were at a time. A <i>body</i> is such an object as
 * JSON, kept under its own digest; a <i>captured stream</i> names the bodies of one ImageStream and of the Images it
 * refers to; a <i>change</i> is a captured stream on record by itself, a <i>snapshot</i> all of them.
 */
@NullMarked
package dev.registrybackup.openshift;

import org.jspecify.annotations.NullMarked;
