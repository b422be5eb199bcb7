package dev.registrybackup.inventory;

import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
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
     * The link's target as it was listed, read only if its path does not name it; empty if a current link was deleted
     * since then.
     *
     * @throws ObjectStoreException {@link StoreError#PRECONDITION_FAILED} if a current link moved since then
     * @throws MalformedLinkException if its content is not a digest
     */
    default Optional<Digest> findTarget(ListedLink link) {
        Optional<Digest> byPath = link.targetByPath();
        if (byPath.isPresent()) {
            return byPath;
        }
        try {
            return Optional.of(readTarget(link));
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND && link.objectRef().version().isEmpty()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** As {@link #findTarget}, but of a current link that moved since it was listed its new target. */
    default Optional<Digest> findLatestTarget(ListedLink link) {
        try {
            return findTarget(link);
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.PRECONDITION_FAILED) {
                return store().read(link.key(), OpenObject::readLink);
            }
            throw e;
        }
    }

    /**
     * The digest in the link's content, as it was listed.
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
