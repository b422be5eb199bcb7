package dev.registrybackup.reconcile;

import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Digest;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The images that captured ImageStreams referred to since a time: to be restored they need their bytes, whatever the
 * registry has removed. Read once, and not before it is asked for; some 200 bytes of memory for each. For one thread.
 */
final class CapturedImages {
    private final CaptureReader captureReader;
    private final Instant since;
    private @Nullable Set<Digest> cachedDigests;
    private @Nullable ObjectStoreException failure;

    /**
     * Those in that backup.
     *
     * @param scratch a directory for what is being read
     * @param since UTC
     */
    CapturedImages(ObjectStore backup, Path scratch, Instant since) {
        this.captureReader = new CaptureReader(backup, scratch);
        this.since = since;
    }

    /**
     * Their digests, with the children of indexes.
     *
     * @throws ObjectStoreException if that cannot be told, and then whenever it is asked
     */
    Set<Digest> digests() {
        if (failure != null) {
            throw failure;
        }
        Set<Digest> digests = cachedDigests;
        if (digests == null) {
            digests = readAll();
            cachedDigests = digests;
        }
        return digests;
    }

    private Set<Digest> readAll() {
        Set<Digest> digests = new HashSet<>();
        try {
            captureReader.imagesSince(since, digests::add);
            return digests;
        } catch (ObjectStoreException e) {
            failure = e;
            throw e;
        }
    }
}
