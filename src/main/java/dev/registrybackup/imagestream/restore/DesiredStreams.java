package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.check.Check;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.RestoreRequest;
import dev.registrybackup.restore.UnknownScopeException;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The ImageStreams in the scope of a restore, as they were at its time. One that cannot be restored is left out from then
 * on, so that the others can be. For one thread.
 */
final class DesiredStreams {
    private static final System.Logger LOGGER = System.getLogger(DesiredStreams.class.getName());
    private static final int MAX_LISTED = 20;
    private static final Set<StoreError> FAILS_ALL =
            Set.of(StoreError.BUCKET_MISSING, StoreError.THROTTLED, StoreError.UNAVAILABLE);

    private final CaptureReader captureReader;
    private final RestoreRequest request;
    private final Instant at;
    private final BiConsumer<RepositoryName, String> onUnrestorable;
    /** The only stream, if the scope is a repository or an image. */
    private final Optional<DesiredStream> single;

    private final Map<RepositoryName, String> unrestorable = new LinkedHashMap<>();

    /**
     * Finds them in the captures.
     *
     * @param at the time, UTC
     * @param onUnrestorable receives each stream that cannot be restored once, and its problem
     * @throws UnknownScopeException if nothing in the scope was captured by then
     */
    DesiredStreams(
            CaptureReader captureReader,
            RestoreRequest request,
            Instant at,
            BiConsumer<RepositoryName, String> onUnrestorable) {
        this.captureReader = captureReader;
        this.request = request;
        this.at = at;
        this.onUnrestorable = onUnrestorable;
        this.single = single(request.scope());
        if (single.isEmpty()) {
            requireAny();
        }
    }

    private void requireAny() {
        try (Stream<CapturedStream> streams = captured()) {
            if (streams.findFirst().isPresent()) {
                return;
            }
        }
        String remedy = captureReader
                .lastWithStreams(at)
                .map(last -> "the last snapshot with streams is of %s, so give that time as \"at\"".formatted(last))
                .orElse("no snapshot under registry-backup/openshift/ in the backup bucket has any");
        throw new UnknownScopeException("No ImageStream of %s was captured by %s: %s"
                .formatted(request.scope().toJson(), at, remedy));
    }

    Instant at() {
        return at;
    }

    /** Whether the scope is one stream, so that each of them can be checked while a caller waits. */
    boolean isSingle() {
        return single.isPresent();
    }

    /** Reads those that can be restored, one by one. */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    Stream<DesiredStream> read() {
        if (single.isPresent()) {
            return single.stream().filter(stream -> isRestorable(stream.repository()));
        }
        return captured()
                .filter(captured -> isRestorable(captured.stream()))
                .flatMap(captured ->
                        tryStep(captured.stream(), () -> DesiredStream.of(captured, captureReader)).stream());
    }

    /** Reads them, and takes a step for each. A stream whose step fails is left out from then on. */
    void forEach(Consumer<DesiredStream> step) {
        try (Stream<DesiredStream> streams = read()) {
            streams.forEach(stream -> attempt(stream.repository(), () -> step.accept(stream)));
        }
    }

    /**
     * Takes a step for a stream. If the step fails because of the stream, that is left out from then on.
     *
     * @throws ClusterException if the cluster did not answer
     * @throws ObjectStoreException if a store failed as a whole
     * @throws FencedException if the restore was cancelled or replaced
     */
    void attempt(RepositoryName stream, Runnable step) {
        tryStep(stream, () -> {
            step.run();
            return stream;
        });
    }

    private <T> Optional<T> tryStep(RepositoryName stream, Supplier<T> step) {
        try {
            return Optional.of(step.get());
        } catch (RuntimeException e) {
            if (failsAll(e)) {
                throw e;
            }
            String problem = problem(stream, e);
            unrestorable.put(stream, problem);
            onUnrestorable.accept(stream, problem);
            return Optional.empty();
        }
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
        LogEvent.of("imagestream-unreadable")
                .with("stream", stream)
                .with("remedy", "restore it as of an earlier time")
                .log(LOGGER, Level.WARNING, failure);
        return "skipped, because it cannot be parsed: %s. Restore it as of an earlier time".formatted(failure);
    }

    /** Whether no step of the stream has failed so far. */
    boolean isRestorable(RepositoryName stream) {
        return !unrestorable.containsKey(stream);
    }

    /** A check that warns of the streams that cannot be restored; empty if there are none so far. */
    Optional<Check> check() {
        return unrestorable.isEmpty()
                ? Optional.empty()
                : Optional.of(Check.warn(
                        "captured ImageStreams",
                        "%d cannot be restored: %s"
                                .formatted(
                                        unrestorable.size(),
                                        unrestorable.entrySet().stream()
                                                .limit(MAX_LISTED)
                                                .toList())));
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    private Stream<CapturedStream> captured() {
        String prefix = request.scope() instanceof Scope.Namespace namespace ? namespace.name() + "/" : "";
        return captureReader
                .asOf(at)
                .filter(captured -> captured.stream().value().startsWith(prefix));
    }

    private Optional<DesiredStream> single(Scope scope) {
        if (scope instanceof Scope.Repository repository) {
            return Optional.of(find(repository.name()));
        }
        if (scope instanceof Scope.TaggedImage image) {
            return Optional.of(taggedImage(image));
        }
        if (scope instanceof Scope.Image image) {
            return Optional.of(image(image));
        }
        return Optional.empty();
    }

    private DesiredStream find(RepositoryName repository) {
        CapturedStream captured = captureReader
                .find(repository, at)
                .orElseThrow(() ->
                        new UnknownScopeException("No ImageStream %s was captured by %s".formatted(repository, at)));
        if (captured.isDeleted()) {
            throw new UnknownScopeException(
                    "The ImageStream %s was deleted by %s: to restore it, give an earlier time as \"at\", UTC"
                            .formatted(repository, captured.read()));
        }
        return DesiredStream.of(captured, captureReader);
    }

    private DesiredStream taggedImage(Scope.TaggedImage image) {
        DesiredStream stream = find(image.repository());
        Item current = stream.stream()
                .find(image.tag())
                .flatMap(TagHistory::current)
                .orElseThrow(() -> new UnknownScopeException(
                        "The ImageStream %s had no tag %s at %s".formatted(image.repository(), image.tag(), at)));
        return stream.only((tag, item) ->
                (tag.equals(image.tag().value()) && item.equals(current.json())) || isReferrer(tag, current.image()));
    }

    private DesiredStream image(Scope.Image image) {
        DesiredStream stream = find(image.repository());
        Digest digest = image.digest();
        if (!stream.captured().images().containsKey(digest)) {
            throw new UnknownScopeException(
                    "The ImageStream %s did not refer to %s at %s".formatted(image.repository(), digest, at));
        }
        return stream.only((tag, item) -> isOf(item, digest) || isReferrer(tag, digest))
                .with(digest);
    }

    private static boolean isOf(JsonNode item, Digest image) {
        return item.path("image").asText().equals(image.toString());
    }

    /** Signatures and the like have tags named after their image: OCI distribution-spec, "Referrers Tag Schema". */
    private boolean isReferrer(String tag, Digest image) {
        String name = image.algorithm().label() + "-" + image.hex();
        return request.referrers() && (tag.equals(name) || tag.startsWith(name + "."));
    }
}
