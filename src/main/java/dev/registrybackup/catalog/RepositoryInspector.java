package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.catalog.ImageMetadataReader.ImageMetadata;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.ImageStreamReader;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ImageCompletenessChecker;
import dev.registrybackup.inventory.ImageCompletenessChecker.ImageInventory;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.replication.SourceMetadata;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Reads the current state of one repository in a backup. Verifies manifests and configs; checks presence and size of
 * layers. Times are the registry's, which costs a request for each link.
 */
record RepositoryInspector(
        RegistryStore backup, WorkerPools workerPools, Clock clock, Optional<CaptureReader> captures) {
    private static final int CONCURRENCY = 32;

    /** The repository's document; empty if the backup has no link and no ImageStream for it. */
    Optional<ObjectNode> inspect(RepositoryName name) {
        Instant at = clock.instant();
        RepositoryView repository = new RepositoryView(listLinks(name), findImageStream(name));
        RepositoryLinks links = repository.links();
        if (links.all().findAny().isEmpty() && repository.imageStream().isEmpty()) {
            return Optional.empty();
        }
        readTargets(links);
        Set<Digest> images = repository.images();
        ImageInventory inventory =
                new ImageCompletenessChecker(backup, workerPools).read(images, links::canonicalDigest);
        Map<Digest, ImageMetadata> metadata = new ImageMetadataReader(backup, workerPools)
                .read(images, inventory.manifests(), (image, failure) -> {
                    throw failure;
                });
        metadata.values().forEach(image -> image.corruptConfig().ifPresent(inventory.corrupt()::add));
        InspectedImages inspected = new InspectedImages(
                inventory.manifests(),
                metadata,
                inventory::size,
                inventory.completeness(repository::isPushed),
                digest -> false);
        return Optional.of(new RepositoryDocument(repository, inspected).toJson(at));
    }

    /** The ImageStream as last captured, by an event or in a snapshot. */
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
        try (Stream<ListedLink> listing =
                new CurrentLinks(backup).list(new Scope.Repository(name).linkPrefix(backup.layout()))) {
            listed = listing.toList();
        }
        Map<String, ListedLink> dated = new ConcurrentHashMap<>();
        BoundedTaskGroup tasks = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (ListedLink link : listed) {
            if (link.path().kind() == Kind.LAYER_LINK) {
                dated.put(link.key(), link);
            } else {
                tasks.submit(
                        0,
                        () -> backup.store()
                                .head(link.key())
                                .ifPresent(info -> dated.put(link.key(), withRegistryTime(link, info))));
            }
        }
        tasks.await();
        RepositoryLinks links = new RepositoryLinks(name);
        listed.stream()
                .flatMap(link -> Optional.ofNullable(dated.get(link.key())).stream())
                .forEach(links::add);
        return links;
    }

    private static ListedLink withRegistryTime(ListedLink link, ObjectInfo info) {
        Optional<Instant> byRegistry = SourceMetadata.lastModified(info);
        return new ListedLink(
                link.key(),
                link.path(),
                ObjectRef.of(info),
                byRegistry.orElse(info.lastModified()),
                byRegistry.isEmpty());
    }

    /** Reads tag links whose target the listing does not show, and links whose path does not name their target. */
    private void readTargets(RepositoryLinks links) {
        BoundedTaskGroup tasks = new BoundedTaskGroup(workerPools, CONCURRENCY);
        links.all().filter(link -> link.targetByPath().isEmpty()).forEach(link -> {
            links.provableTarget(link)
                    .ifPresentOrElse(
                            target -> links.recordTarget(link, target),
                            () -> tasks.submit(0, () -> readTarget(links, link)));
        });
        tasks.await();
    }

    private void readTarget(RepositoryLinks links, ListedLink link) {
        try {
            new CurrentLinks(backup).findLatestTarget(link).ifPresent(target -> links.recordTarget(link, target));
        } catch (MalformedLinkException e) {
            // The document shows a tag without an image; the reason is a finding of verify.
            return;
        }
    }
}
