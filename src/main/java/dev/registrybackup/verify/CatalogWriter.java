package dev.registrybackup.verify;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.catalog.ImageMetadata;
import dev.registrybackup.catalog.ImageMetadataReader;
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

/** Writes what was learnt of each repository of the backup into the catalog. Of other stores there is none. */
final class CatalogWriter {
    private final VerifyContext context;
    private final Optional<Catalog> catalog;
    private final Instant at;
    private final Set<RepositoryName> written = new HashSet<>();

    /**
     * Writes them.
     *
     * @param at when the listing of links began: nothing in the documents is older
     */
    CatalogWriter(VerifyContext context, Optional<Catalog> catalog, Instant at) {
        this.context = context;
        this.catalog = catalog.filter(any -> context.isBackup() && context.isRepositoryScope());
        this.at = at;
    }

    /** What these images are, if that is to be written. */
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

    /** Leaves a repository's document as it is. */
    void keep(RepositoryName repository) {
        written.add(repository);
    }

    /** Removes the documents of repositories that are no more, once all were looked at. */
    void deleteOthers() {
        catalog.ifPresent(open -> tryWrite(() -> open.deleteAllExcept(written)));
    }

    /** A document that could not be written is one more thing that could not be told: the others may be. */
    private void tryWrite(Runnable writing) {
        context.operation().checkFence();
        try {
            writing.run();
        } catch (ObjectStoreException e) {
            context.reportUnknown(RegistryLayout.METADATA_PREFIX + "catalog/", e);
        }
    }
}
