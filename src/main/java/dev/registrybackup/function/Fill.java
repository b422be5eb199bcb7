package dev.registrybackup.function;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.replicate.Outcome;
import dev.registrybackup.replicate.Replicator;
import dev.registrybackup.replicate.Verdict;
import dev.registrybackup.store.ObjectInfo;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Brings into the backup all that a registry has, as if each object had just been announced: for a registry on a volume,
 * from which no events come, and for a first fill. For one call.
 */
final class Fill {
    private static final int AT_ONCE = 64;
    private static final int MOST_LISTED = 100;

    private final Place registry;
    private final Replicator replicator;
    private final Semaphore free = new Semaphore(AT_ONCE);
    /** Both guarded by this. */
    private final Map<Verdict, Long> counts = new EnumMap<>(Verdict.class);

    private final ArrayNode problems = JsonNodeFactory.instance.arrayNode();
    /** Guarded by this. */
    private long failed;

    Fill(Place registry, Replicator replicator) {
        this.registry = registry;
        this.replicator = replicator;
    }

    /** Does it, and says what became of how many objects, and of which what is wrong. */
    ObjectNode run(Meter meter) {
        meter.phase("backing up");
        registry.store().requireBucket();
        try (Stream<ObjectInfo> objects =
                registry.store().list(registry.layout().prefix())) {
            objects.filter(object -> isKept(object.key())).forEach(object -> {
                meter.expect(1, object.size());
                free.acquireUninterruptibly();
                replicator.replicate(object.key()).whenComplete((outcome, failure) -> {
                    count(object.key(), outcome, failure);
                    meter.done(1, object.size());
                    free.release();
                });
            });
        }
        free.acquireUninterruptibly(AT_ONCE);
        return summary();
    }

    private boolean isKept(String key) {
        return switch (registry.layout().parse(key).kind()) {
            case BLOB, LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK -> true;
            case UPLOAD, FOREIGN, EXCLUDED -> false;
        };
    }

    private synchronized void count(String key, @Nullable Outcome outcome, @Nullable Throwable failure) {
        if (outcome == null) {
            failed++;
            problem(key, String.valueOf(failure == null ? "" : failure.getMessage()));
            return;
        }
        counts.merge(outcome.verdict(), 1L, Long::sum);
        if (!outcome.verdict().isInBackup() && outcome.verdict() != Verdict.GONE) {
            problem(key, outcome.verdict().label() + " " + outcome.problem());
        }
    }

    private void problem(String key, String what) {
        if (problems.size() < MOST_LISTED) {
            problems.addObject().put("key", key).put("problem", what);
        }
    }

    private synchronized ObjectNode summary() {
        ObjectNode summary = JsonNodeFactory.instance.objectNode();
        counts.forEach((verdict, count) -> summary.put(verdict.label(), count));
        summary.put("failed", failed);
        summary.set("problems", problems);
        return summary;
    }
}
