package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The current links of a store. */
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

    /** The link of this path; empty if there is none. */
    public Optional<ListedLink> find(RegistryPath.Link path) {
        return store().head(registryStore.key(path)).flatMap(this::toLink);
    }

    /** The digest in the link of this key; empty if the link is missing or malformed. */
    public Optional<Digest> findTarget(String key) {
        try {
            return store().read(key, OpenObject::readLink);
        } catch (MalformedLinkException e) {
            return Optional.empty();
        }
    }

    /** A listed object as a link; empty if it is not one. */
    public Optional<ListedLink> toLink(ObjectInfo info) {
        return registryStore.layout().parse(info.key()) instanceof RegistryPath.Link path
                ? Optional.of(new ListedLink(info.key(), path, ObjectRef.of(info), info.lastModified(), false))
                : Optional.empty();
    }
}
