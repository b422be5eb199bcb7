package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.MustBeClosed;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.CapturedStream;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;
import dev.registrybackup.restore.RestoreRequest;
import dev.registrybackup.restore.UnknownScopeException;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The ImageStreams of a request's scope, as they were at its time.
 *
 * @param captureReader what was captured
 * @param request what is asked for
 * @param at as of when, UTC
 */
record DesiredStreams(CaptureReader captureReader, RestoreRequest request, Instant at) {
    /**
     * Reads them, one by one as the stream is.
     *
     * @param unrestorable those to pass over; of many streams, what cannot be read becomes one of them
     * @throws UnknownScopeException if nothing of the scope was captured by then
     */
    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    Stream<DesiredStream> read(UnrestorableImageStreams unrestorable) {
        if (isOne()) {
            return Stream.of(one(request.scope())).filter(stream -> !unrestorable.contains(stream.repository()));
        }
        return captured()
                .filter(captured -> !unrestorable.contains(captured.stream()))
                .flatMap(captured ->
                        unrestorable
                                .attempt(captured.stream(), () -> DesiredStream.of(captured, captureReader))
                                .stream());
    }

    private boolean isOne() {
        return !(request.scope() instanceof Scope.All || request.scope() instanceof Scope.Namespace);
    }

    @MustBeClosed
    @SuppressWarnings("MustBeClosedChecker") // closed through what is returned
    private Stream<CapturedStream> captured() {
        String prefix = request.scope() instanceof Scope.Namespace namespace ? namespace.name() + "/" : "";
        return captureReader
                .asOf(at)
                .filter(captured -> captured.stream().value().startsWith(prefix));
    }

    /**
     * Does nothing if there are any.
     *
     * @throws UnknownScopeException if nothing of the scope was captured by then
     */
    void require() {
        if (isOne()) {
            one(request.scope());
            return;
        }
        try (Stream<CapturedStream> streams = captured()) {
            if (streams.findFirst().isEmpty()) {
                throw new UnknownScopeException("No ImageStream of %s is on record as of %s: %s"
                        .formatted(
                                scope(),
                                at,
                                captureReader
                                        .lastWithStreams(at)
                                        .map(last -> "the last snapshot that has any is of " + last
                                                + ", so give that time as \"at\"")
                                        .orElse(
                                                "there is no snapshot that has any, under registry-backup/openshift/ in the"
                                                        + " backup bucket")));
            }
        }
    }

    private String scope() {
        return request.scope().toJson().toString();
    }

    private DesiredStream one(Scope scope) {
        if (scope instanceof Scope.TaggedImage image) {
            return tagged(all(image.repository()), image.tag());
        }
        if (scope instanceof Scope.Image image) {
            return image(all(image.repository()), image.digest());
        }
        return all(((Scope.Repository) scope).name());
    }

    private DesiredStream all(RepositoryName repository) {
        CapturedStream captured = captureReader
                .find(repository, at)
                .orElseThrow(() ->
                        new UnknownScopeException("No ImageStream %s was captured by %s".formatted(repository, at)));
        if (captured.isDeleted()) {
            throw new UnknownScopeException(
                    "The ImageStream %s was gone by %s: give a time before that as \"at\", UTC, to have it back"
                            .formatted(repository, captured.read()));
        }
        return DesiredStream.of(captured, captureReader);
    }

    private DesiredStream tagged(DesiredStream stream, Tag tag) {
        Digest current = stream.stream().tags().stream()
                .filter(each -> each.tag().equals(tag))
                .findFirst()
                .flatMap(each -> each.current())
                .orElseThrow(() -> new UnknownScopeException(
                        "The ImageStream %s had no tag %s at %s".formatted(stream.repository(), tag, at)))
                .image();
        Optional<JsonNode> newest = stream.stream().tags().stream()
                .filter(each -> each.tag().equals(tag))
                .findFirst()
                .map(each -> each.items().get(0).json());
        return stream.only((name, item) ->
                (name.equals(tag.value()) && newest.filter(item::equals).isPresent()) || isReferrer(name, current));
    }

    private DesiredStream image(DesiredStream stream, Digest digest) {
        if (!stream.captured().images().containsKey(digest)) {
            throw new UnknownScopeException(
                    "The ImageStream %s did not refer to %s at %s".formatted(stream.repository(), digest, at));
        }
        return stream.only((name, item) ->
                        item.path("image").asText().equals(digest.toString()) || isReferrer(name, digest))
                .with(digest);
    }

    /** Signatures and the like are tags named after the image: OCI distribution-spec, "Referrers Tag Schema". */
    private boolean isReferrer(String tag, Digest image) {
        String name = image.algorithm().label() + "-" + image.hex();
        return request.referrers() && (tag.equals(name) || tag.startsWith(name + "."));
    }
}
