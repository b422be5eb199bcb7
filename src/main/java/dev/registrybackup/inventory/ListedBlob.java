package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.BlobData;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** One blob in a store's listing. */
public record ListedBlob(Digest digest, ObjectRef objectRef) {
    /** The current blobs of a store, in key order. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public static Stream<ListedBlob> listCurrent(RegistryStore store) {
        return store.store()
                .list(store.layout().blobsPrefix())
                .flatMap(info ->
                        digest(store, info.key()).map(digest -> new ListedBlob(digest, ObjectRef.of(info))).stream());
    }

    /** The current and deleted blobs of a store, in key order; each with its newest content. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public static Stream<ListedBlob> listAllVersions(RegistryStore store) {
        return versionsByKey(store.store().listVersions(store.layout().blobsPrefix()))
                .flatMap(group -> newestContent(store, group).stream());
    }

    /** The versions of a listing, grouped by object, newest first. */
    static Stream<List<ObjectVersion>> versionsByKey(Stream<ObjectVersion> listing) {
        return Batches.of(listing, (group, next) -> group.get(0).key().equals(next.key()));
    }

    private static Optional<ListedBlob> newestContent(RegistryStore store, List<ObjectVersion> newestFirst) {
        return newestFirst.stream()
                .filter(version -> !version.isDeleteMarker())
                .findFirst()
                .flatMap(version ->
                        digest(store, version.key()).map(digest -> new ListedBlob(digest, ObjectRef.of(version))));
    }

    private static Optional<Digest> digest(RegistryStore store, String key) {
        return store.layout().parse(key) instanceof BlobData blob ? Optional.of(blob.digest()) : Optional.empty();
    }
}
