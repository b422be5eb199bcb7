package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.BlobData;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One blob of a store, as a listing has it.
 *
 * @param digest which
 * @param objectRef what the store has
 */
public record ListedBlob(Digest digest, ObjectRef objectRef) {
    /** The blobs that a store shows, in key order. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public static Stream<ListedBlob> listCurrent(ObjectStore store, RegistryLayout layout) {
        return store.list(layout.blobsPrefix())
                .flatMap(info ->
                        digest(layout, info.key()).map(digest -> new ListedBlob(digest, ObjectRef.of(info))).stream());
    }

    /** The blobs that a store shows or has as an older version, in key order; of each its newest content. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public static Stream<ListedBlob> listAllVersions(ObjectStore store, RegistryLayout layout) {
        return VersionGroups.of(store.listVersions(layout.blobsPrefix()))
                .flatMap(group -> newestContent(layout, group).stream());
    }

    private static Optional<ListedBlob> newestContent(RegistryLayout layout, List<ObjectVersion> newestFirst) {
        return newestFirst.stream()
                .filter(version -> !version.isDeleteMarker())
                .findFirst()
                .flatMap(version ->
                        digest(layout, version.key()).map(digest -> new ListedBlob(digest, ObjectRef.of(version))));
    }

    private static Optional<Digest> digest(RegistryLayout layout, String key) {
        return layout.parse(key) instanceof BlobData blob ? Optional.of(blob.digest()) : Optional.empty();
    }
}
