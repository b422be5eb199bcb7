/** Runs operations as Kubernetes Jobs, so that they outlive the pod that was asked for them: the only user of its API. */
@NullMarked
package dev.registrybackup.kube;

import org.jspecify.annotations.NullMarked;
