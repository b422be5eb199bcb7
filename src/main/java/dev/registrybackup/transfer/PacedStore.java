package dev.registrybackup.transfer;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.store.ByteRange;
import dev.registrybackup.store.ForwardingObjectStore;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.OpenObject;
import java.util.Optional;

/** A store whose objects are read no faster than a pace allows. */
public final class PacedStore extends ForwardingObjectStore {
    private final Pace pace;

    /** Reads from that store at that pace. */
    public PacedStore(ObjectStore below, Pace pace) {
        super(below);
        this.pace = pace;
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject open(String key, Optional<ByteRange> range, Optional<String> etag) {
        return PacedObject.of(super.open(key, range, etag), pace);
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public OpenObject openVersion(String key, String versionId, Optional<ByteRange> range) {
        return PacedObject.of(super.openVersion(key, versionId, range), pace);
    }
}
