/**
 * The object-store port: the few operations on one bucket that this program needs, and how they fail; and this program's
 * own small records in the backup bucket. One contract test runs against memory, a directory, S3Proxy and Ceph RGW.
 * Start with {@link ObjectStore}, which documents what each operation guarantees, then {@link MetadataStore}.
 */
@NullMarked
package dev.registrybackup.objectstore;

import org.jspecify.annotations.NullMarked;
