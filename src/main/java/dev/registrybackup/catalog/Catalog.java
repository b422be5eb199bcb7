package dev.registrybackup.catalog;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.ObjectVersion;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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

    private static final String PREFIX = RegistryLayout.METADATA_PREFIX + "catalog/";
    private static final String SUFFIX = "/_repository.json";

    private static final int CONCURRENCY = 32;
    /** More than the fields before the images take. */
    private static final int MAX_SUMMARY_BYTES = 4 << 10;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final System.Logger LOGGER = System.getLogger(Catalog.class.getName());

    private final ObjectStore backup;
    private final WorkerPools workerPools;
    private final RepositoryInspector inspector;

    /**
     * That of the backup in this bucket.
     *
     * @param captures what was captured of a cluster's ImageStreams, which have the tags of OpenShift's repositories
     */
    public Catalog(RegistryStore backup, WorkerPools workerPools, Clock clock, Optional<CaptureReader> captures) {
        this.backup = backup.store();
        this.workerPools = workerPools;
        this.inspector = new RepositoryInspector(backup, workerPools, clock, captures);
    }

    /** Where a repository's document lies. A repository's name has no part that begins with an underscore. */
    private static String key(RepositoryName repository) {
        return PREFIX + repository + SUFFIX;
    }

    /** Whose document it is, if it is one. */
    private static Optional<RepositoryName> repository(String key) {
        if (!key.startsWith(PREFIX) || !key.endsWith(SUFFIX) || key.length() <= PREFIX.length() + SUFFIX.length()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new RepositoryName(key.substring(PREFIX.length(), key.length() - SUFFIX.length())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Replaces a repository's document by this one ({@link RepositoryDocument#toJson}). */
    public void write(ObjectNode document) {
        String key = key(new RepositoryName(document.path("repository").asText()));
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
        try (Stream<ObjectVersion> versions = backup.listVersions(PREFIX)) {
            gone = versions.filter(version -> repository(version.key())
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
        try (Stream<ObjectInfo> listing = backup.list(PREFIX)) {
            String last = after.map(Catalog::key).orElse("");
            documents = listing.filter(info -> repository(info.key()).isPresent())
                    .dropWhile(info -> info.key().compareTo(last) <= 0)
                    .limit(limit + 1L)
                    .toList();
        }
        return toPage(documents, limit);
    }

    /** The page of these documents, the last of which says no more than that there is another page. */
    private ObjectNode toPage(List<ObjectInfo> documents, int limit) {
        List<ObjectInfo> told = documents.subList(0, Math.min(limit, documents.size()));
        Map<String, ObjectNode> heads = readSummaries(told);
        ObjectNode page = JsonNodeFactory.instance.objectNode();
        ArrayNode repositories = page.putArray("repositories");
        for (ObjectInfo document : told) {
            ObjectNode head = heads.get(document.key());
            if (head != null) {
                repositories.add(head);
            }
        }
        if (documents.size() > limit) {
            page.put(
                    "next",
                    repository(told.get(told.size() - 1).key()).orElseThrow().value());
        }
        return page;
    }

    private Map<String, ObjectNode> readSummaries(List<ObjectInfo> documents) {
        Map<String, ObjectNode> heads = new ConcurrentHashMap<>();
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (ObjectInfo document : documents) {
            boundedTaskGroup.submit(
                    0, () -> readSummary(document.key()).ifPresent(head -> heads.put(document.key(), head)));
        }
        boundedTaskGroup.await();
        return heads;
    }

    /** Empty if it was removed meanwhile. */
    private Optional<ObjectNode> readSummary(String key) {
        byte[] beginning;
        try (OpenObject reading =
                backup.open(key, Optional.of(new ByteRange(0, MAX_SUMMARY_BYTES)), Optional.empty())) {
            beginning = reading.readAll(MAX_SUMMARY_BYTES);
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
        return Optional.of(parse(key, beginning));
    }

    private static ObjectNode parse(String key, byte[] beginning) {
        ObjectNode head = JsonNodeFactory.instance
                .objectNode()
                .put("repository", repository(key).orElseThrow().value());
        try (JsonParser parser = JSON.createParser(beginning)) {
            parser.nextToken();
            for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
                parser.nextToken();
                if (field.equals("at")) {
                    head.put("at", parser.getText());
                } else if (field.equals("counts")) {
                    head.setAll((ObjectNode) JSON.readTree(parser));
                    return head;
                }
            }
            throw new IOException("it says no counts");
        } catch (IOException | ClassCastException e) {
            return head.put(
                    "problem", "Its document is unreadable: verify the repository in the backup to write it anew");
        }
    }

    /** The document of a repository as the backup has it now; empty if it has no link of it, nor an ImageStream. */
    public Optional<ObjectNode> liveDocument(RepositoryName repository) {
        return inspector.inspect(repository);
    }
}
