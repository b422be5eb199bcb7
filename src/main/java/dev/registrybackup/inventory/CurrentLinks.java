package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The links that a store has now.
 *
 * @param store where they are
 * @param layout its grammar
 */
public record CurrentLinks(ObjectStore store, RegistryLayout layout) implements Links {
    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<ListedLink> under(String prefix, Predicate<RegistryPath.Link> wanted) {
        return store.list(prefix).flatMap(info -> link(info).stream()).filter(link -> wanted.test(link.path()));
    }

    /**
     * One link, if there is one.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if that could not be told
     */
    public Optional<ListedLink> find(RegistryPath.Link path) {
        return store.find(layout.keyOf(path)).flatMap(this::link);
    }

    /** What a listing has, if it is a link. */
    public Optional<ListedLink> link(ObjectInfo info) {
        return layout.parse(info.key()) instanceof RegistryPath.Link path
                ? Optional.of(new ListedLink(
                        info.key(), path, info.size(), info.etag(), info.lastModified(), Optional.empty(), false))
                : Optional.empty();
    }
}
