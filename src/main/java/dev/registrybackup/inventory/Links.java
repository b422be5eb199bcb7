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

/**
 * The links of a store at one time: now, or in the past. Each method throws {@link ObjectStoreException} if the store cannot
 * be read.
 */
public interface Links {
    /** The links whose key starts with the prefix, in key order; lazy. */
    @MustBeClosed
    default Stream<ListedLink> list(String prefix) {
        return list(prefix, link -> true);
    }

    /** The links of these that match; sends no request for the others. */
    @MustBeClosed
    Stream<ListedLink> list(String prefix, Predicate<RegistryPath.Link> wanted);

    /** The store of the links. */
    ObjectStore store();

    /** Whether the manifest is known to have been pushed, even if none of these links shows it. */
    default boolean isPushed(Digest manifest) {
        return false;
    }

    /**
     * The link's target, read only if its path does not name it.
     *
     * @throws MalformedLinkException if its content is not a digest
     */
    default Digest target(ListedLink link) {
        return link.targetByPath().orElseGet(() -> readTarget(link));
    }

    /**
     * The digest in the link's content.
     *
     * @throws MalformedLinkException if it is not a digest
     */
    default Digest readTarget(ListedLink link) {
        try (OpenObject reading = open(link)) {
            return reading.readLink();
        }
    }

    /** Opens the link in its listed version. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    private OpenObject open(ListedLink link) {
        return link.objectRef()
                .version()
                .map(version -> store().openVersion(link.key(), version, Optional.empty()))
                .orElseGet(() -> store().open(
                                link.key(),
                                Optional.empty(),
                                Optional.of(link.objectRef().etag())));
    }
}
