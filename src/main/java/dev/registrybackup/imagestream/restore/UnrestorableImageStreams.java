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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/** Streams that cannot be restored, each told of once, so that the others can be. For one thread. */
final class UnrestorableImageStreams {
    private static final System.Logger LOGGER = System.getLogger(UnrestorableImageStreams.class.getName());
    private static final int MOST_LISTED = 20;
    private static final Set<StoreError> OF_THE_WHOLE_STORE =
            Set.of(StoreError.BUCKET_MISSING, StoreError.THROTTLED, StoreError.UNAVAILABLE);

    private final BiConsumer<RepositoryName, String> told;
    private final Map<RepositoryName, String> problems = new LinkedHashMap<>();

    /**
     * None yet.
     *
     * @param told is told of each, and what is the matter with it
     */
    UnrestorableImageStreams(BiConsumer<RepositoryName, String> told) {
        this.told = told;
    }

    /**
     * Does something with a stream; empty if that failed because of the stream.
     *
     * @throws ClusterException if the cluster is out of order
     * @throws ObjectStoreException if a store is
     * @throws FencedException if it was told to stop
     */
    <T> Optional<T> attempt(RepositoryName stream, Supplier<T> step) {
        try {
            return Optional.of(step.get());
        } catch (RuntimeException e) {
            if (isOfTheWhole(e)) {
                throw e;
            }
            String problem = "%s. Mend that, and restore again".formatted(reason(stream, e));
            problems.put(stream, problem);
            told.accept(stream, problem);
            return Optional.empty();
        }
    }

    private static boolean isOfTheWhole(RuntimeException failure) {
        return failure instanceof FencedException
                || (failure instanceof ClusterException ofCluster && ofCluster.error() == ClusterError.UNAVAILABLE)
                || (failure instanceof ObjectStoreException ofStore && OF_THE_WHOLE_STORE.contains(ofStore.error()));
    }

    private static String reason(RepositoryName stream, RuntimeException failure) {
        if (failure instanceof ClusterException) {
            return "the cluster refused: " + failure.getMessage();
        }
        if (failure instanceof ObjectStoreException || failure instanceof DigestMismatchException) {
            return "left out: " + failure.getMessage();
        }
        LogEvent.of("imagestream-unreadable").with("stream", stream).log(LOGGER, Level.WARNING, failure);
        return "left out, since it cannot be understood: " + failure;
    }

    /** Whether it is one. */
    boolean contains(RepositoryName stream) {
        return problems.containsKey(stream);
    }

    /** A point about them; none if there are none. */
    List<Check> points() {
        return problems.isEmpty()
                ? List.of()
                : List.of(Check.warn(
                        "captured ImageStreams",
                        "%d cannot be restored: %s"
                                .formatted(
                                        problems.size(),
                                        problems.entrySet().stream()
                                                .limit(MOST_LISTED)
                                                .toList())));
    }
}
