package dev.registrybackup.imagestream;

import dev.registrybackup.objectstore.MetadataStore;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RepositoryName;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The captured changes of ImageStreams in the backup; each is an object that is written once. Safe for use by many threads. */
final class ChangeLog {
    private final ObjectStore backup;
    private final MetadataStore records;

    ChangeLog(ObjectStore backup) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
    }

    void append(CapturedStream captured, Supplier<String> random) {
        records.put(
                CaptureKeys.change(captured.stream(), captured.read(), random.get()),
                captured.json().toString());
    }

    /**
     * The newest change of a stream that was read by then; empty if there is none. One that is pruned after it was listed
     * counts as none, because the snapshots that stay are newer.
     */
    Optional<CapturedStream> newest(RepositoryName stream, Instant by) {
        return Optional.ofNullable(newest(CaptureKeys.changes(stream), by).get(stream))
                .flatMap(this::find);
    }

    /** By stream, the key of the newest change below the prefix that was read by then. */
    Map<RepositoryName, String> newest(String prefix, Instant by) {
        Map<RepositoryName, String> newest = new LinkedHashMap<>();
        try (Stream<ObjectInfo> listing = backup.list(prefix)) {
            listing.map(ObjectInfo::key)
                    .forEach(key -> CaptureKeys.repositoryOf(key)
                            .filter(stream -> CaptureKeys.isUpTo(key, by))
                            .ifPresent(stream -> newest.put(stream, key)));
        }
        return newest;
    }

    /** Passes on all changes that were read after that time, in no particular order. */
    void forEachAfter(Instant time, Consumer<CapturedStream> consumer) {
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.CHANGES)) {
            listing.map(ObjectInfo::key)
                    .filter(key -> CaptureKeys.isAfter(key, time))
                    .forEach(key -> consumer.accept(read(key)));
        }
    }

    CapturedStream read(String key) {
        return find(key)
                .orElseThrow(() ->
                        new ObjectStoreException(StoreError.NOT_FOUND, "The change %s was deleted".formatted(key)));
    }

    private Optional<CapturedStream> find(String key) {
        return records.get(key).map(stored -> parse(key, stored.json()));
    }

    private static CapturedStream parse(String key, String json) {
        try {
            return CapturedStream.parse(JsonBlobStore.parse(json));
        } catch (IOException | IllegalArgumentException e) {
            throw new ObjectStoreException(
                    StoreError.BAD_REQUEST, "Failed to parse the change %s: %s".formatted(key, e.getMessage()), e);
        }
    }
}
