package dev.registrybackup.restore;

import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.registry.Digest;
import java.util.Optional;

/**
 * One blob to bring or to prove.
 *
 * @param digest which
 * @param inBackup what the backup has of it
 * @param inTarget what the target has of it
 */
record BlobStep(Digest digest, ObjectRef inBackup, Optional<ObjectRef> inTarget) {}
