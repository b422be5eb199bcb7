/**
 * The object-store port on the AWS SDK, and the only package that imports it. Start with {@link S3ObjectStore}; {@link
 * S3Errors} says how failures are classified.
 */
@NullMarked
package dev.registrybackup.objectstore.s3;

import org.jspecify.annotations.NullMarked;
