package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.ImageStreamReader;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ExistenceChecker;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Manifests;
import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.SourceMetadata;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * One repository as a backup has it now. Manifests and configs are proved; of layers it is asked whether they are there in
 * the size that their manifests say. Times are the registry's, which takes a request for each link.
 */
final class RepositoryInspector {
    private static final int CONCURRENCY = 32;

    private final CurrentLinks currentLinks;
    private final ObjectStore backup;
    private final RegistryLayout layout;
    private final WorkerPools workerPools;
    private final Clock clock;
    private final Optional<CaptureReader> captures;

    RepositoryInspector(
            ObjectStore backup,
            RegistryLayout layout,
            WorkerPools workerPools,
            Clock clock,
            Optional<CaptureReader> captures) {
        this.currentLinks = new CurrentLinks(backup, layout);
        this.backup = backup;
        this.layout = layout;
        this.workerPools = workerPools;
        this.clock = clock;
        this.captures = captures;
    }

    Optional<ObjectNode> inspect(RepositoryName name) {
        Instant at = clock.instant();
        RepositoryLinks links = listLinks(name);
        Optional<TaggedImages> stream = findImageStream(name);
        if (links.size() == 0 && stream.isEmpty()) {
            return Optional.empty();
        }
        readTargets(links);
        Set<Digest> images = new HashSet<>(links.images());
        stream.ifPresent(tagged -> images.addAll(tagged.images()));
        Map<Digest, LoadedManifest> manifests = new Manifests(backup, layout, workerPools).closure(images);
        Map<Digest, ImageMetadata> descriptions = new ImageMetadataReader(backup, layout, workerPools)
                .read(images, (image, failure) -> {
                    throw failure;
                });
        RequiredBlobs blobs = new RequiredBlobs(manifests, links, layout, new ExistenceChecker(backup, workerPools));
        descriptions
                .values()
                .forEach(imageMetadata -> imageMetadata.corruptConfig().ifPresent(blobs::markCorrupt));
        ImageCompleteness imageCompleteness = new ImageCompleteness(
                manifests,
                blobs::isGood,
                image -> links.hasImage(image)
                        || stream.filter(tagged -> tagged.isPushed(image)).isPresent());
        InspectedImages facts =
                new InspectedImages(manifests, descriptions, blobs::size, imageCompleteness, digest -> false);
        return Optional.of(new RepositoryDocument(links, facts, stream).toJson(at));
    }

    /** As it was when it was last captured, be it by itself or in a snapshot. */
    private Optional<TaggedImages> findImageStream(RepositoryName name) {
        return captures.flatMap(captured -> captured.find(name, Instant.MAX)
                .filter(found -> !found.isDeleted())
                .map(found -> new ImageStreamReader(captured, workerPools)
                        .read(List.of(found), (subject, failure) -> {
                            throw failure;
                        })
                        .get(name)));
    }

    private RepositoryLinks listLinks(RepositoryName name) {
        List<ListedLink> listed;
        try (Stream<ListedLink> listing = currentLinks.list(new Scope.Repository(name).linkPrefix(layout))) {
            listed = listing.toList();
        }
        Map<String, ListedLink> dated = new ConcurrentHashMap<>();
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (ListedLink link : listed) {
            if (link.path().kind() == Kind.LAYER_LINK) {
                dated.put(link.key(), link);
            } else {
                boundedTaskGroup.submit(
                        0,
                        () -> backup.head(link.key())
                                .ifPresent(info -> dated.put(link.key(), withRegistryTime(link, info))));
            }
        }
        boundedTaskGroup.await();
        RepositoryLinks links = new RepositoryLinks(name);
        listed.stream()
                .map(ListedLink::key)
                .map(dated::get)
                .filter(Objects::nonNull)
                .forEach(links::add);
        return links;
    }

    private static ListedLink withRegistryTime(ListedLink link, ObjectInfo info) {
        Optional<Instant> byRegistry = SourceMetadata.lastModified(info);
        return new ListedLink(
                link.key(),
                link.path(),
                info.size(),
                info.etag(),
                byRegistry.orElse(info.lastModified()),
                Optional.empty(),
                byRegistry.isEmpty());
    }

    /** Reads what tags point to where the listing does not prove it, and links whose path does not say their target. */
    private void readTargets(RepositoryLinks links) {
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        links.all().filter(link -> link.targetByPath().isEmpty()).forEach(link -> {
            Optional<Digest> proved = link.path() instanceof TagCurrentLink current
                    ? links.provableTarget(current.tag())
                    : Optional.empty();
            proved.ifPresentOrElse(
                    target -> links.recordTarget(link, target),
                    () -> boundedTaskGroup.submit(0, () -> readTargets(links, link)));
        });
        boundedTaskGroup.await();
    }

    private void readTargets(RepositoryLinks links, ListedLink link) {
        try {
            links.recordTarget(link, currentLinks.readTarget(link));
        } catch (MalformedLinkException e) {
            // It points nowhere, which is how the document has it; what is wrong with it is a finding of verify.
            return;
        }
    }
}
