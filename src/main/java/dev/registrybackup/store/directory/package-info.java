/**
 * The object-store port on a directory: a mounted volume whose tree is what the registry's file system driver reads and
 * writes. A file that is put there is whole from the moment it is seen.
 */
@NullMarked
package dev.registrybackup.store.directory;

import org.jspecify.annotations.NullMarked;
