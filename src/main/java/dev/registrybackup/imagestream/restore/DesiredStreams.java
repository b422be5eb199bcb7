package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.RestoreRequest;
import dev.registrybackup.restore.UnknownScopeException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The ImageStreams in the scope of a restore, as they were at its time. For one thread. */
final class DesiredStreams {
    private final CaptureReader captureReader;
    private final RestoreRequest request;
    private final Instant at;
    /** The only stream, if the scope is a repository or an image. */
    private final Optional<DesiredStream> single;

    /**
     * Finds them in the captures.
     *
     * @param at the time, UTC
     * @throws UnknownScopeException if nothing in the scope was captured by then
     */
    DesiredStreams(CaptureReader captureReader, RestoreRequest request, Instant at) {
        this.captureReader = captureReader;
        this.request = request;
        this.at = at;
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

    /** The time, UTC. */
    Instant at() {
        return at;
    }

    /** Whether the scope is one stream, so that each of them can be checked while a caller waits. */
    boolean isSingle() {
        return single.isPresent();
    }

    /**
     * Reads them, one by one.
     *
     * @param unrestorable the streams to leave out; receives those that cannot be read
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    Stream<DesiredStream> read(UnrestorableImageStreams unrestorable) {
        if (single.isPresent()) {
            return single.stream().filter(stream -> !unrestorable.contains(stream.repository()));
        }
        return captured()
                .filter(captured -> !unrestorable.contains(captured.stream()))
                .flatMap(captured ->
                        unrestorable
                                .tryRead(captured.stream(), () -> DesiredStream.of(captured, captureReader))
                                .stream());
    }

    /**
     * Reads them, and takes a step for each.
     *
     * @param unrestorable the streams to leave out; receives those that cannot be read, or whose step fails
     */
    void forEach(UnrestorableImageStreams unrestorable, Consumer<DesiredStream> step) {
        try (Stream<DesiredStream> streams = read(unrestorable)) {
            streams.forEach(stream -> unrestorable.attempt(stream.repository(), () -> step.accept(stream)));
        }
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
