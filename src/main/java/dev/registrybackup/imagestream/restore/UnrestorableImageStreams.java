package dev.registrybackup.imagestream.restore;

import dev.registrybackup.check.Check;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.RepositoryName;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** Collects the streams that cannot be restored, so that the others can be. For one thread. */
final class UnrestorableImageStreams {
    private static final System.Logger LOGGER = System.getLogger(UnrestorableImageStreams.class.getName());
    private static final int MAX_LISTED = 20;
    private static final Set<StoreError> FAILS_ALL =
            Set.of(StoreError.BUCKET_MISSING, StoreError.THROTTLED, StoreError.UNAVAILABLE);

    private final BiConsumer<RepositoryName, String> onFailure;
    private final Map<RepositoryName, String> problems = new LinkedHashMap<>();

    /**
     * An empty collection.
     *
     * @param onFailure receives each stream once, and its problem
     */
    UnrestorableImageStreams(BiConsumer<RepositoryName, String> onFailure) {
        this.onFailure = onFailure;
    }

    /**
     * Takes a step for the stream. If the step fails because of the stream, adds the stream to these.
     *
     * @return the step's result; empty if it failed because of the stream
     * @throws ClusterException if the cluster did not answer
     * @throws ObjectStoreException if a store failed as a whole
     * @throws FencedException if the restore was cancelled or replaced
     */
    <T> Optional<T> tryRead(RepositoryName stream, Supplier<T> step) {
        try {
            return Optional.of(step.get());
        } catch (RuntimeException e) {
            if (failsAll(e)) {
                throw e;
            }
            String problem = problem(stream, e);
            problems.put(stream, problem);
            onFailure.accept(stream, problem);
            return Optional.empty();
        }
    }

    /** As {@link #tryRead}, without a result. */
    void attempt(RepositoryName stream, Runnable step) {
        tryRead(stream, () -> {
            step.run();
            return stream;
        });
    }

    private static boolean failsAll(RuntimeException failure) {
        return failure instanceof FencedException
                || (failure instanceof ClusterException ofCluster && ofCluster.error() == ClusterError.UNAVAILABLE)
                || (failure instanceof ObjectStoreException ofStore && FAILS_ALL.contains(ofStore.error()));
    }

    private static String problem(RepositoryName stream, RuntimeException failure) {
        if (failure instanceof ClusterException) {
            return "the cluster refused: " + failure.getMessage();
        }
        if (failure instanceof ObjectStoreException) {
            return "skipped: " + failure.getMessage();
        }
        if (failure instanceof DigestMismatchException) {
            return "skipped: %s. Fix that, and restore again".formatted(failure.getMessage());
        }
        LogEvent.of("imagestream-unreadable").with("stream", stream).log(LOGGER, Level.WARNING, failure);
        return "skipped, because it cannot be parsed: %s. Restore it as of an earlier time".formatted(failure);
    }

    boolean contains(RepositoryName stream) {
        return problems.containsKey(stream);
    }

    /** A check that warns of them; empty if there are none. */
    Optional<Check> check() {
        return problems.isEmpty()
                ? Optional.empty()
                : Optional.of(Check.warn(
                        "captured ImageStreams",
                        "%d cannot be restored: %s"
                                .formatted(
                                        problems.size(),
                                        problems.entrySet().stream()
                                                .limit(MAX_LISTED)
                                                .toList())));
    }
}
