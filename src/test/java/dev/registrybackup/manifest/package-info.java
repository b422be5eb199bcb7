/** The manifests in knative/ fit what the cluster knows and what the program has. */
@NullMarked
package dev.registrybackup.manifest;

import org.jspecify.annotations.NullMarked;
