/**
 * The object-store port on a directory: a mounted volume with the tree that the registry's file system driver reads
 * and writes. A file appears complete or not at all, and no symbolic link is followed. Start with {@link
 * DirectoryObjectStore}.
 */
@NullMarked
package dev.registrybackup.objectstore.directory;

import org.jspecify.annotations.NullMarked;
