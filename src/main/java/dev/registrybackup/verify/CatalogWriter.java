package dev.registrybackup.verify;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.catalog.ImageMetadataReader;
import dev.registrybackup.catalog.ImageMetadataReader.ImageMetadata;
import dev.registrybackup.catalog.InspectedImages;
import dev.registrybackup.catalog.RepositoryDocument;
import dev.registrybackup.catalog.RepositoryView;
import dev.registrybackup.inventory.ManifestGraph;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Writes the catalog document of each repository of the backup. Does nothing for other stores. */
final class CatalogWriter {
    private final VerifyContext context;
    private final Optional<Catalog> catalog;
    private final Instant at;
    private final Set<RepositoryName> written = new HashSet<>();

    /**
     * Writes to the catalog of the verified backup.
     *
     * @param at when the listing of links began, UTC: nothing in the documents is older
     */
    CatalogWriter(VerifyContext context, Optional<Catalog> catalog, Instant at) {
        this.context = context;
        this.catalog = catalog.filter(any -> context.isBackup() && context.isRepositoryScope());
        this.at = at;
    }

    /** The metadata of these images; empty if no catalog is written. */
    Map<Digest, ImageMetadata> readMetadata(Set<Digest> images, ManifestGraph manifests) {
        return catalog.isEmpty()
                ? Map.of()
                : new ImageMetadataReader(context.store(), context.workerPools())
                        .read(images, manifests, (image, failure) -> context.reportUnknown(image.toString(), failure));
    }

    /** Writes a repository's document. */
    void write(RepositoryView repository, InspectedImages inspected) {
        catalog.ifPresent(open -> {
            keep(repository.name());
            tryWrite(() -> open.write(new RepositoryDocument(repository, inspected).toJson(at)));
        });
    }

    /** Keeps a repository's document as it is. */
    void keep(RepositoryName repository) {
        written.add(repository);
    }

    /**
     * Deletes the documents of repositories that no longer exist, of this index's share. Call it after all its
     * repositories were checked.
     */
    void deleteOthers() {
        catalog.ifPresent(open ->
                tryWrite(() -> open.deleteAllExcept(name -> written.contains(name) || !context.isOwn(name.value()))));
    }

    /** A document that cannot be written is reported as unknown; the others are still written. */
    private void tryWrite(Runnable writing) {
        context.operation().checkFence();
        try {
            writing.run();
        } catch (ObjectStoreException e) {
            context.reportUnknown(RegistryLayout.METADATA_PREFIX + "catalog/", e);
        }
    }
}
