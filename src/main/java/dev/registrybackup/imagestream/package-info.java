/**
 * What OpenShift keeps in the cluster and not in the bucket: ImageStreams (tags and their history) and Images,
 * captured as JSON in the backup bucket and read from there as of any time. A capture is visible only once everything
 * it refers to is stored. Start with {@link ImageStreamCapture} and {@link CaptureReader}.
 */
@NullMarked
package dev.registrybackup.imagestream;

import org.jspecify.annotations.NullMarked;
