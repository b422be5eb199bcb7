package dev.registrybackup.notification;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the events of Knative's ApiServerSource about ImageStreams. In mode {@code Reference} their data is a reference,
 * {@code {apiVersion, kind, namespace, name}}, and in mode {@code Resource} the object itself; of either nothing but which
 * object it is is taken, since what happened to it is to be asked of the cluster. The events of creation, change and
 * deletion differ in their type alone.
 *
 * <p>Source: knative/eventing, {@code pkg/adapter/apiserver/events/events.go} and {@code pkg/apis/sources/register.go}.
 *
 * <p>Safe for use by several threads at a time.
 */
public final class ImageStreamEventDecoder {
    private static final String ONLY_STREAMS =
            "Send only what an ApiServerSource says of ImageStreams (image.openshift.io/v1) here.";
    private static final String TYPE = "dev\\.knative\\.apiserver\\.(ref|resource)\\.(add|update|delete)";
    private static final String GROUP = "image.openshift.io/";
    private static final String KIND = "ImageStream";
    private static final int MAX_NAME = 60;

    private final JsonText json = new JsonText(ONLY_STREAMS);

    /** A decoder of every known form. */
    public ImageStreamEventDecoder() {}

    /**
     * Reads one event.
     *
     * @param type the CloudEvent's type
     * @param payload its data
     * @throws NotJsonException if the payload is empty, not JSON, or JSON with something behind it
     * @throws UndecodableEventException if it is of another type, or of another kind of object, or does not say of which
     */
    public ImageStreamEvent decode(@Nullable String type, byte[] payload) {
        if (type == null || !type.matches(TYPE)) {
            throw new UndecodableEventException(
                    "Failed to decode an event of the type \"%s\": no ApiServerSource sends it. %s"
                            .formatted(SafeExcerpt.of(String.valueOf(type), MAX_NAME), ONLY_STREAMS));
        }
        JsonCursor object = JsonCursor.root(json.parse(payload));
        boolean isStream = object.says("kind", KIND)
                && object.part("apiVersion")
                        .text()
                        .filter(version -> version.startsWith(GROUP))
                        .isPresent();
        if (!isStream) {
            throw object.unknown(
                    "it is of the kind \"%s\" in \"%s\""
                            .formatted(excerpt(object.part("kind")), excerpt(object.part("apiVersion"))),
                    ONLY_STREAMS);
        }
        JsonCursor named = object.has("metadata") ? object.part("metadata") : object;
        return new ImageStreamEvent(required(named, "namespace"), required(named, "name"));
    }

    private static String required(JsonCursor named, String field) {
        Optional<String> text = named.part(field).text().filter(value -> !value.isEmpty());
        return text.orElseThrow(() -> named.part(field).unknown("it says of no ImageStream which it is", ONLY_STREAMS));
    }

    private static String excerpt(JsonCursor part) {
        return part.text().map(text -> SafeExcerpt.of(text, MAX_NAME)).orElseGet(part::kind);
    }
}
