/**
 * Implements the object-store port with the AWS SDK; no other package imports it. Start with {@link S3ObjectStore}.
 * {@link S3Errors} classifies failures.
 */
@NullMarked
package dev.registrybackup.objectstore.s3;

import org.jspecify.annotations.NullMarked;
