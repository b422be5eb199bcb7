package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The links of a store at one time: now, or in the past. */
public interface Links {
    /**
     * The links whose key starts with the prefix, in key order, read as the stream is.
     *
     * @throws ObjectStoreException if they cannot be listed
     */
    @MustBeClosed
    default Stream<ListedLink> list(String prefix) {
        return list(prefix, link -> true);
    }

    /** Those of them that are wanted; nothing is asked about the others. */
    @MustBeClosed
    Stream<ListedLink> list(String prefix, Predicate<RegistryPath.Link> wanted);

    /** Where they are. */
    ObjectStore store();

    /** Whether somebody is known to have pushed that manifest, even if none of these links says so. */
    default boolean isPushed(Digest manifest) {
        return false;
    }

    /**
     * What the link says, read only where its path does not say it.
     *
     * @throws MalformedLinkException if its content is no digest
     * @throws ObjectStoreException if it cannot be read
     */
    default Digest target(ListedLink link) {
        return link.targetByPath().orElseGet(() -> readTarget(link));
    }

    /**
     * What the link's content says.
     *
     * @throws MalformedLinkException if it is no digest
     * @throws ObjectStoreException if it cannot be read
     */
    default Digest readTarget(ListedLink link) {
        try (OpenObject reading = open(link)) {
            return reading.readLink();
        }
    }

    /** Opens it, in the version that is meant. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    private OpenObject open(ListedLink link) {
        return link.version()
                .map(version -> store().openVersion(link.key(), version, Optional.empty()))
                .orElseGet(() -> store().open(link.key(), Optional.empty(), Optional.of(link.etag())));
    }
}
