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

/** The changes of ImageStreams, each an object of its own that is never written again. */
final class ChangeLog {
    private final ObjectStore backup;
    private final MetadataStore records;

    ChangeLog(ObjectStore backup) {
        this.backup = backup;
        this.records = new MetadataStore(backup);
    }

    /** Puts one on record. */
    void append(CapturedStream captured, Supplier<String> random) {
        records.put(
                CaptureKeys.change(captured.stream(), captured.read(), random.get()),
                captured.json().toString());
    }

    /** The newest one of a stream that was read by then. */
    Optional<CapturedStream> newest(RepositoryName stream, Instant by) {
        return Optional.ofNullable(newest(CaptureKeys.changes(stream), by).get(stream))
                .map(this::read);
    }

    /** By stream, the key of the newest one that was read by then. */
    Map<RepositoryName, String> newest(String prefix, Instant by) {
        Map<RepositoryName, String> newest = new LinkedHashMap<>();
        try (Stream<ObjectInfo> listing = backup.list(prefix)) {
            listing.map(ObjectInfo::key)
                    .forEach(key -> CaptureKeys.repositoryOf(key)
                            .filter(stream ->
                                    !CaptureKeys.time(key).orElseThrow().isAfter(by))
                            .ifPresent(stream -> newest.put(stream, key)));
        }
        return newest;
    }

    /** All that were read later than that, in no order that means anything. */
    void after(Instant time, Consumer<CapturedStream> each) {
        try (Stream<ObjectInfo> listing = backup.list(CaptureKeys.CHANGES)) {
            listing.map(ObjectInfo::key)
                    .filter(key -> CaptureKeys.time(key).filter(time::isBefore).isPresent())
                    .forEach(key -> each.accept(read(key)));
        }
    }

    /** Reads one. */
    CapturedStream read(String key) {
        String text = records.get(key)
                .orElseThrow(() -> new ObjectStoreException(StoreError.NOT_FOUND, "The change " + key + " is gone"))
                .json();
        try {
            return CapturedStream.parse(JsonBlobStore.parse(text));
        } catch (IOException | IllegalArgumentException e) {
            throw new ObjectStoreException(
                    StoreError.BAD_REQUEST, "The change %s cannot be understood: %s".formatted(key, e.getMessage()), e);
        }
    }
}
