package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The repositories of a backup. Blocks, and has the lanes read: not to be called in a lane. Each method throws {@link
 * ObjectStoreException} if the backup did not do its part. Safe for use by many threads.
 */
public final class Catalog {
    /** So many repositories are on a page unless otherwise asked. */
    public static final int DEFAULT_PAGE_SIZE = 100;

    /** So many are on a page at most. */
    public static final int MAX_PAGE_SIZE = 1000;

    private static final System.Logger LOGGER = System.getLogger(Catalog.class.getName());

    private final ObjectStore backup;
    private final CatalogPages pages;
    private final RepositoryInspector liveDocument;

    /**
     * That of the backup in this bucket.
     *
     * @param captures what was captured of a cluster's ImageStreams, which have the tags of OpenShift's repositories
     */
    public Catalog(
            ObjectStore backup,
            RegistryLayout layout,
            WorkerPools workerPools,
            Clock clock,
            Optional<CaptureReader> captures) {
        this.backup = backup;
        this.pages = new CatalogPages(backup, workerPools);
        this.liveDocument = new RepositoryInspector(backup, layout, workerPools, clock, captures);
    }

    /** Replaces a repository's document by this one ({@link RepositoryDocument#toJson}). */
    public void write(ObjectNode document) {
        String key =
                CatalogKey.of(new RepositoryName(document.path("repository").asText()));
        byte[] content = document.toString().getBytes(StandardCharsets.UTF_8);
        backup.put(key, ContentSource.of(content), Map.of()).ifPresent(version -> deleteOlderVersions(key, version));
    }

    /** A versioned bucket would keep a document for each time it was written. */
    private void deleteOlderVersions(String key, String version) {
        List<ObjectVersion> older;
        try (Stream<ObjectVersion> versions = backup.listVersions(key)) {
            older = versions.filter(listed -> listed.key().equals(key))
                    .dropWhile(listed -> !listed.versionId().equals(version))
                    .skip(1)
                    .toList();
        }
        deleteVersions(older);
    }

    /** Under Object Lock what is old stays: no reason not to have written what is new. */
    private void deleteVersions(List<ObjectVersion> versions) {
        for (ObjectVersion version : versions) {
            try {
                backup.delete(version.key(), Optional.of(version.versionId()));
            } catch (ObjectStoreException e) {
                LogEvent.of("old-catalog-version-not-deleted")
                        .with("key", version.key())
                        .with("version", version.versionId())
                        .with("reason", e.getMessage())
                        .log(LOGGER, Level.DEBUG);
            }
        }
    }

    /** Removes the documents of all repositories but these, in all versions. */
    public void deleteAllExcept(Set<RepositoryName> repositories) {
        List<ObjectVersion> gone;
        try (Stream<ObjectVersion> versions = backup.listVersions(CatalogKey.PREFIX)) {
            gone = versions.filter(version -> CatalogKey.repository(version.key())
                            .filter(name -> !repositories.contains(name))
                            .isPresent())
                    .toList();
        }
        deleteVersions(gone);
    }

    /**
     * A page of the repositories that have a document: {@code repositories}, each with {@code repository}, {@code at}, and
     * the document's {@code counts}; and {@code next}, after which the next page begins, unless this is the last.
     *
     * @param after the last repository of the page before; empty for the first page
     * @param limit how many to tell, up to {@value #MAX_PAGE_SIZE}
     * @throws IllegalArgumentException if the limit is none
     */
    public ObjectNode page(Optional<RepositoryName> after, int limit) {
        if (limit < 1 || limit > MAX_PAGE_SIZE) {
            throw new IllegalArgumentException(
                    "A page has 1 to %d repositories, not %d".formatted(MAX_PAGE_SIZE, limit));
        }
        List<ObjectInfo> documents;
        try (Stream<ObjectInfo> listing = backup.list(CatalogKey.PREFIX)) {
            String last = after.map(CatalogKey::of).orElse("");
            documents = listing.filter(info -> CatalogKey.repository(info.key()).isPresent())
                    .dropWhile(info -> info.key().compareTo(last) <= 0)
                    .limit(limit + 1L)
                    .toList();
        }
        return pages.toPage(documents, limit);
    }

    /** The document of a repository as the backup has it now; empty if it has no link of it, nor an ImageStream. */
    public Optional<ObjectNode> liveDocument(RepositoryName repository) {
        return liveDocument.inspect(repository);
    }
}
