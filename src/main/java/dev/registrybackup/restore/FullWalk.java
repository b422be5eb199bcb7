package dev.registrybackup.restore;

import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedBlob;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.registry.RegistryPath;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Walks all that a backup holds beside what the target holds, in constant memory.
 *
 * @param restoreEndpoints from where to where
 * @param links the backup's links, as they are or were
 * @param isPointInTime whether blobs that the backup shows no more count too
 */
record FullWalk(RestoreEndpoints restoreEndpoints, Links links, boolean isPointInTime) {
    void blobs(BiConsumer<ListedBlob, Optional<ObjectRef>> visit) {
        try (Stream<ListedBlob> ours = isPointInTime
                        ? ListedBlob.listAllVersions(restoreEndpoints.backup(), restoreEndpoints.layout())
                        : ListedBlob.listCurrent(restoreEndpoints.backup(), restoreEndpoints.layout());
                Stream<ListedBlob> theirs =
                        ListedBlob.listCurrent(restoreEndpoints.target(), restoreEndpoints.targetLayout())) {
            MergeJoin.join(
                    ours.iterator(),
                    blob -> blob.digest().toString(),
                    theirs.iterator(),
                    blob -> blob.digest().toString(),
                    (blob, there) -> visit.accept(blob, there.map(ListedBlob::objectRef)));
        }
    }

    void links(Predicate<RegistryPath.Link> wanted, BiConsumer<ListedLink, Optional<ListedLink>> visit) {
        String ourRoot = restoreEndpoints.layout().prefix();
        String theirRoot = restoreEndpoints.targetLayout().prefix();
        try (Stream<ListedLink> ours = links.list(restoreEndpoints.layout().repositoriesPrefix(), wanted);
                Stream<ListedLink> theirs = new CurrentLinks(restoreEndpoints.target(), restoreEndpoints.targetLayout())
                        .list(restoreEndpoints.targetLayout().repositoriesPrefix(), wanted)) {
            MergeJoin.join(
                    ours.iterator(),
                    link -> link.key().substring(ourRoot.length()),
                    theirs.iterator(),
                    link -> link.key().substring(theirRoot.length()),
                    visit);
        }
    }
}
