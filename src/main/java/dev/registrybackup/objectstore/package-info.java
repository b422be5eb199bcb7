/**
 * The object-store port: the few operations on one bucket that this program needs, and how they fail. Promises of each
 * operation are on {@link ObjectStore}; the contract test runs against memory, S3Proxy and Ceph RGW. Also here: small
 * records of our own in the backup bucket.
 */
@NullMarked
package dev.registrybackup.objectstore;

import org.jspecify.annotations.NullMarked;
