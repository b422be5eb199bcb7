package dev.registrybackup.restore;

import dev.registrybackup.inventory.Held;
import dev.registrybackup.inventory.Links;
import dev.registrybackup.inventory.ListedBlob;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.PresentLinks;
import dev.registrybackup.registry.RegistryPath;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Walks all that a backup holds beside what the target holds, in constant memory.
 *
 * @param ends from where to where
 * @param links the backup's links, as they are or were
 * @param isPast whether blobs that the backup shows no more count too
 */
record WholeWalk(Ends ends, Links links, boolean isPast) {
    void blobs(BiConsumer<ListedBlob, Optional<Held>> visit) {
        try (Stream<ListedBlob> ours = isPast
                        ? ListedBlob.ever(ends.backup(), ends.layout())
                        : ListedBlob.present(ends.backup(), ends.layout());
                Stream<ListedBlob> theirs = ListedBlob.present(ends.target(), ends.targetLayout())) {
            SideBySide.walk(
                    ours.iterator(),
                    blob -> blob.digest().toString(),
                    theirs.iterator(),
                    blob -> blob.digest().toString(),
                    (blob, there) -> visit.accept(blob, there.map(ListedBlob::held)));
        }
    }

    void links(Predicate<RegistryPath.Link> wanted, BiConsumer<ListedLink, Optional<ListedLink>> visit) {
        String ourRoot = ends.layout().prefix();
        String theirRoot = ends.targetLayout().prefix();
        try (Stream<ListedLink> ours = links.under(ends.layout().repositoriesPrefix(), wanted);
                Stream<ListedLink> theirs = new PresentLinks(ends.target(), ends.targetLayout())
                        .under(ends.targetLayout().repositoriesPrefix(), wanted)) {
            SideBySide.walk(
                    ours.iterator(),
                    link -> link.key().substring(ourRoot.length()),
                    theirs.iterator(),
                    link -> link.key().substring(theirRoot.length()),
                    visit);
        }
    }
}
