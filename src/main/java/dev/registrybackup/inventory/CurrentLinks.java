package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.RegistryPath;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The links that a store has now.
 *
 * @param registryStore where they are
 */
public record CurrentLinks(RegistryStore registryStore) implements Links {
    @Override
    public ObjectStore store() {
        return registryStore.store();
    }

    @Override
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    public Stream<ListedLink> list(String prefix, Predicate<RegistryPath.Link> wanted) {
        return store().list(prefix).flatMap(info -> toLink(info).stream()).filter(link -> wanted.test(link.path()));
    }

    /**
     * One link, if there is one.
     *
     * @throws dev.registrybackup.objectstore.ObjectStoreException if that could not be told
     */
    public Optional<ListedLink> find(RegistryPath.Link path) {
        return store().head(registryStore.key(path)).flatMap(this::toLink);
    }

    /** What a listing has, if it is a link. */
    public Optional<ListedLink> toLink(ObjectInfo info) {
        return registryStore.layout().parse(info.key()) instanceof RegistryPath.Link path
                ? Optional.of(new ListedLink(
                        info.key(), path, info.size(), info.etag(), info.lastModified(), Optional.empty(), false))
                : Optional.empty();
    }
}
