package dev.registrybackup.catalog;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ByteRange;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.RepositoryName;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Tells of repositories from the beginnings of their documents. */
final class CatalogPages {
    private static final int CONCURRENCY = 32;
    /** More than the fields before the images take. */
    private static final int MAX_SUMMARY_BYTES = 4 << 10;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ObjectStore backup;
    private final WorkerPools workerPools;

    CatalogPages(ObjectStore backup, WorkerPools workerPools) {
        this.backup = backup;
        this.workerPools = workerPools;
    }

    /** The page of these documents, the last of which says no more than that there is another page. */
    ObjectNode toPage(List<ObjectInfo> documents, int limit) {
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
            page.put("next", repositoryOf(told.get(told.size() - 1).key()).value());
        }
        return page;
    }

    private static RepositoryName repositoryOf(String key) {
        return CatalogKey.repository(key).orElseThrow();
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
                .put("repository", repositoryOf(key).value());
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
}
