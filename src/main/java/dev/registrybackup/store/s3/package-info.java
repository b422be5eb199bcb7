/**
 * The object-store port on the AWS SDK, and the only place that imports it.
 */
@NullMarked
package dev.registrybackup.store.s3;

import org.jspecify.annotations.NullMarked;
