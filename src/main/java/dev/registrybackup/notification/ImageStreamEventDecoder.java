package dev.registrybackup.notification;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the events of Knative's ApiServerSource about ImageStreams. In mode {@code Reference} their data is a reference,
 * {@code {apiVersion, kind, namespace, name}}, and in mode {@code Resource} the object itself. Only namespace and name are
 * used: the cluster is asked for the state. Events of creation, change and deletion differ only in their type.
 *
 * <p>Source: knative/eventing, {@code pkg/adapter/apiserver/events/events.go} and {@code pkg/apis/sources/register.go}.
 *
 * <p>Safe for use by several threads at a time.
 */
public final class ImageStreamEventDecoder {
    private static final String EXPECTED_EVENTS =
            "Send only events of an ApiServerSource about ImageStreams (image.openshift.io/v1) here.";
    private static final String TYPE_PATTERN = "dev\\.knative\\.apiserver\\.(ref|resource)\\.(add|update|delete)";
    private static final String API_GROUP = "image.openshift.io/";
    private static final String KIND = "ImageStream";
    private static final int MAX_EXCERPT_LENGTH = 60;

    private final JsonText jsonText = new JsonText(EXPECTED_EVENTS);

    /** Decodes both modes. */
    public ImageStreamEventDecoder() {}

    /**
     * Reads one event.
     *
     * @param type the CloudEvent's type
     * @param payload its data
     * @throws NotJsonException if the payload is empty, not JSON, or JSON followed by something else
     * @throws UndecodableEventException if the type is another, or the object is not an ImageStream or has no name
     */
    public ImageStreamEvent decode(@Nullable String type, byte[] payload) {
        if (type == null || !type.matches(TYPE_PATTERN)) {
            throw new UndecodableEventException(
                    "Failed to decode an event of type \"%s\": no ApiServerSource sends that type. %s"
                            .formatted(SafeExcerpt.of(String.valueOf(type), MAX_EXCERPT_LENGTH), EXPECTED_EVENTS));
        }
        JsonCursor object = JsonCursor.root(jsonText.parse(payload));
        boolean isStream = object.hasText("kind", KIND)
                && object.child("apiVersion")
                        .text()
                        .filter(version -> version.startsWith(API_GROUP))
                        .isPresent();
        if (!isStream) {
            throw object.undecodable(
                    "its kind is \"%s\" in \"%s\""
                            .formatted(
                                    object.child("kind").excerpt(MAX_EXCERPT_LENGTH),
                                    object.child("apiVersion").excerpt(MAX_EXCERPT_LENGTH)),
                    EXPECTED_EVENTS);
        }
        JsonCursor named = object.has("metadata") ? object.child("metadata") : object;
        return new ImageStreamEvent(requiredField(named, "namespace"), requiredField(named, "name"));
    }

    private static String requiredField(JsonCursor named, String field) {
        Optional<String> text = named.child(field).text().filter(value -> !value.isEmpty());
        return text.orElseThrow(
                () -> named.child(field).undecodable("it does not name an ImageStream", EXPECTED_EVENTS));
    }
}
