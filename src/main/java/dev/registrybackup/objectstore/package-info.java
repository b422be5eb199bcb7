/**
 * The object-store port: the few operations on one bucket that this program needs, and how they fail. {@link
 * ObjectStore} documents what each operation guarantees; the contract test runs against memory, S3Proxy and Ceph RGW.
 * Also here: this program's own small records in the backup bucket.
 */
@NullMarked
package dev.registrybackup.objectstore;

import org.jspecify.annotations.NullMarked;
