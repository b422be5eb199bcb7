package dev.registrybackup.restore;

import dev.registrybackup.content.Digest;
import dev.registrybackup.inventory.Held;
import java.util.Optional;

/**
 * One blob to bring or to prove.
 *
 * @param digest which
 * @param inBackup what the backup has of it
 * @param inTarget what the target has of it
 */
record BlobStep(Digest digest, Held inBackup, Optional<Held> inTarget) {}
