/**
 * A stand-in for the part of OpenShift's API that matters to the backup and the restore of ImageStreams. Never shipped.
 *
 * <p>Each rule names the function of the real server that it follows. In those names OAS is openshift/openshift-apiserver,
 * OIR openshift/image-registry, KUBE kubernetes/kubernetes.
 */
@NullMarked
package dev.registrybackup.lab.openshift;

import org.jspecify.annotations.NullMarked;
