package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RepositoryName;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the links that one repository keeps in the backup need of its other links: a tag its revision, a revision its
 * layers and, if it is an index, its children's revisions. So that no link is left that leads to nothing.
 */
final class RepositoryReachableSet {
    private final StorePair storePair;
    private final ReachableSet reachableSet;

    RepositoryReachableSet(StorePair storePair, ReachableSet reachableSet) {
        this.storePair = storePair;
        this.reachableSet = reachableSet;
    }

    /** The revisions that its tags point to, in either store. */
    Set<Digest> taggedRevisions(RepositoryName repository) {
        Set<Digest> tagged = new HashSet<>();
        String prefix = storePair.layout().repositoriesPrefix() + repository + "/_manifests/tags/";
        for (ObjectStore store : List.of(storePair.backup(), storePair.registry())) {
            try (Stream<ObjectInfo> listing = store.list(prefix)) {
                listing.map(ObjectInfo::key)
                        .filter(key -> storePair.layout().parse(key) instanceof TagCurrentLink)
                        .forEach(key -> readTarget(store, key).ifPresent(tagged::add));
            }
        }
        return tagged;
    }

    /** What a link's content names; empty if it is gone or is no link. */
    private static Optional<Digest> readTarget(ObjectStore store, String key) {
        try (OpenObject reading = store.open(key, Optional.empty(), Optional.empty())) {
            return Optional.of(LinkContent.parse(reading.readAll(LinkContent.MAX_BYTES)));
        } catch (MalformedLinkException e) {
            return Optional.empty();
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND || e.error() == StoreError.BAD_REQUEST) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** The same revisions, each before what it leads to. */
    List<Digest> parentsFirst(Set<Digest> revisions) {
        return reachableSet.parentsFirst(revisions);
    }

    /**
     * All that its revisions in the backup lead to.
     *
     * @param but those that are about to leave it
     */
    ReachableSet.Reachability reachableFromRevisions(RepositoryName repository, Set<Digest> but) {
        Set<Digest> revisions = new HashSet<>();
        String prefix = storePair.layout().repositoriesPrefix() + repository + "/_manifests/revisions/";
        try (Stream<ObjectInfo> listing = storePair.backup().list(prefix)) {
            listing.forEach(object -> {
                if (storePair.layout().parse(object.key()) instanceof RevisionLink revision
                        && !but.contains(revision.digest())) {
                    revisions.add(revision.digest());
                }
            });
        }
        return reachableSet.of(revisions);
    }
}
