/**
 * The cluster's API, of which nothing else but the wiring knows the client: operations as Kubernetes Jobs, so that they outlive
 * the pod that was asked for them, and OpenShift's objects.
 */
@NullMarked
package dev.registrybackup.kube;

import org.jspecify.annotations.NullMarked;
