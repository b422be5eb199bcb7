package dev.registrybackup.catalog;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Reads and writes the catalog documents of a backup. Blocks; pool threads read, so it must not be called from one of
 * them. Each method throws {@link ObjectStoreException} if the backup bucket cannot be read or written. Safe for use by
 * many threads.
 */
public final class Catalog {
    /** The default number of repositories on a page. */
    public static final int DEFAULT_PAGE_SIZE = 100;

    /** The maximum number of repositories on a page. */
    public static final int MAX_PAGE_SIZE = 1000;

    private static final String PREFIX = RegistryLayout.METADATA_PREFIX + "catalog/";
    private static final String SUFFIX = "/_repository.json";

    private static final int CONCURRENCY = 32;
    /** In bytes; more than the fields before the images take. */
    private static final int MAX_SUMMARY_BYTES = 4 << 10;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final System.Logger LOGGER = System.getLogger(Catalog.class.getName());

    private final ObjectStore backup;
    private final WorkerPools workerPools;
    private final RepositoryInspector inspector;

    /**
     * Uses the catalog in this backup.
     *
     * @param captures the captured ImageStreams, which have the tags of OpenShift's repositories
     */
    public Catalog(RegistryStore backup, WorkerPools workerPools, Clock clock, Optional<CaptureReader> captures) {
        this.backup = backup.store();
        this.workerPools = workerPools;
        this.inspector = new RepositoryInspector(backup, workerPools, clock, captures);
    }

    /** The key of a repository's document. No segment of a repository name starts with an underscore. */
    private static String key(RepositoryName repository) {
        return PREFIX + repository + SUFFIX;
    }

    /** The repository of a document; empty if the key is not a document's. */
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

    /** Replaces a repository's document with this one ({@link RepositoryDocument#toJson}). */
    public void write(ObjectNode document) {
        String key = key(new RepositoryName(document.path("repository").asText()));
        byte[] content = document.toString().getBytes(StandardCharsets.UTF_8);
        backup.put(key, ContentSource.of(content), Map.of()).ifPresent(version -> deleteOlderVersions(key, version));
    }

    /** Deletes old versions, because a versioned bucket keeps one for each write. */
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

    /** Under Object Lock old versions stay, which does not fail the write. */
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

    /** Deletes the documents of all repositories except those to keep, in all versions. */
    public void deleteAllExcept(Predicate<RepositoryName> isKept) {
        List<ObjectVersion> obsolete;
        try (Stream<ObjectVersion> versions = backup.listVersions(PREFIX)) {
            obsolete = versions.filter(version -> repository(version.key())
                            .filter(name -> !isKept.test(name))
                            .isPresent())
                    .toList();
        }
        deleteVersions(obsolete);
    }

    /**
     * A page of the repositories that have a document: {@code repositories}, each with {@code repository}, {@code at},
     * and the document's {@code counts}; and {@code next}, after which the next page begins, unless this is the last.
     *
     * @param after the last repository of the page before; empty for the first page
     * @param limit how many to return, up to {@value #MAX_PAGE_SIZE}
     * @throws IllegalArgumentException if the limit is out of range
     */
    public ObjectNode page(Optional<RepositoryName> after, int limit) {
        if (limit < 1 || limit > MAX_PAGE_SIZE) {
            throw new IllegalArgumentException(
                    "A page has 1 to %d repositories, not %d".formatted(MAX_PAGE_SIZE, limit));
        }
        // One more than the limit, which only shows that there is another page.
        List<String> documents;
        try (Stream<ObjectInfo> listing = backup.list(PREFIX)) {
            String last = after.map(Catalog::key).orElse("");
            documents = listing.map(ObjectInfo::key)
                    .filter(key -> repository(key).isPresent() && key.compareTo(last) > 0)
                    .limit(limit + 1L)
                    .toList();
        }
        List<String> shown = documents.subList(0, Math.min(limit, documents.size()));
        Map<String, ObjectNode> summaries = new ConcurrentSkipListMap<>();
        BoundedTaskGroup tasks = new BoundedTaskGroup(workerPools, CONCURRENCY);
        shown.forEach(key -> tasks.submit(0, () -> readSummary(key).ifPresent(summary -> summaries.put(key, summary))));
        tasks.await();
        ObjectNode page = JsonNodeFactory.instance.objectNode();
        page.putArray("repositories").addAll(summaries.values());
        if (documents.size() > limit) {
            page.put(
                    "next",
                    repository(shown.get(shown.size() - 1)).orElseThrow().value());
        }
        return page;
    }

    /** Empty if it was deleted meanwhile. */
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
            throw new IOException("it has no counts");
        } catch (IOException | ClassCastException e) {
            return head.put(
                    "problem", "Its document cannot be read: verify the repository in the backup to write it again");
        }
    }

    /** The document of a repository's current state; empty if the backup has no link and no ImageStream for it. */
    public Optional<ObjectNode> liveDocument(RepositoryName repository) {
        return inspector.inspect(repository);
    }
}
