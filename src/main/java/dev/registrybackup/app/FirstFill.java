package dev.registrybackup.app;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.replication.ReplicationResult;
import dev.registrybackup.replication.ReplicationStatus;
import dev.registrybackup.replication.Replicator;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Brings into the backup all that a registry has, as if each object had just been announced: for a registry on a volume,
 * from which no events come, and for a first fill. For one call.
 */
final class FirstFill {
    private static final int CONCURRENCY = 64;
    private static final int MAX_LISTED_PROBLEMS = 100;

    private final RegistryStore registry;
    private final Replicator replicator;
    private final Semaphore permits = new Semaphore(CONCURRENCY);
    /** Both guarded by this. */
    private final Map<ReplicationStatus, Long> counts = new EnumMap<>(ReplicationStatus.class);

    private final ArrayNode problems = JsonNodeFactory.instance.arrayNode();
    /** Guarded by this. */
    private long failed;

    FirstFill(RegistryStore registry, Replicator replicator) {
        this.registry = registry;
        this.replicator = replicator;
    }

    /** Does it, and says what became of how many objects, and of which what is wrong. */
    ObjectNode run(ProgressTracker progressTracker) {
        progressTracker.phase("backing up");
        registry.store().requireBucket();
        try (Stream<ObjectInfo> objects =
                registry.store().list(registry.layout().prefix())) {
            objects.filter(object -> isKept(object.key())).forEach(object -> {
                progressTracker.addExpected(1, object.size());
                permits.acquireUninterruptibly();
                replicator.replicate(object.key()).whenComplete((replicationResult, failure) -> {
                    count(object.key(), replicationResult, failure);
                    progressTracker.addDone(1, object.size());
                    permits.release();
                });
            });
        }
        permits.acquireUninterruptibly(CONCURRENCY);
        return summary();
    }

    private boolean isKept(String key) {
        return switch (registry.layout().parse(key).kind()) {
            case BLOB, LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK -> true;
            case UPLOAD, UNKNOWN, EXCLUDED -> false;
        };
    }

    private synchronized void count(
            String key, @Nullable ReplicationResult replicationResult, @Nullable Throwable failure) {
        if (replicationResult == null) {
            failed++;
            problem(key, String.valueOf(failure == null ? "" : failure.getMessage()));
            return;
        }
        counts.merge(replicationResult.status(), 1L, Long::sum);
        if (!replicationResult.status().isInBackup()
                && replicationResult.status() != ReplicationStatus.SOURCE_MISSING) {
            problem(key, replicationResult.status().label() + " " + replicationResult.problem());
        }
    }

    private void problem(String key, String what) {
        if (problems.size() < MAX_LISTED_PROBLEMS) {
            problems.addObject().put("key", key).put("problem", what);
        }
    }

    private synchronized ObjectNode summary() {
        ObjectNode summary = JsonNodeFactory.instance.objectNode();
        counts.forEach((replicationStatus, count) -> summary.put(replicationStatus.label(), count));
        summary.put("failed", failed);
        summary.set("problems", problems);
        return summary;
    }
}
