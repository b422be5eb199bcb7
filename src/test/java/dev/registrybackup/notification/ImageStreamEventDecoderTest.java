package dev.registrybackup.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoding of an ApiServerSource's events about ImageStreams, and of events that are not. */
class ImageStreamEventDecoderTest {
    private static final String ADDED = "dev.knative.apiserver.ref.add";
    private static final String REFERENCE =
            "{\"kind\":\"ImageStream\",\"namespace\":\"ns\",\"name\":\"app\",\"apiVersion\":\"image.openshift.io/v1\"}";
    private static final String ONLY_STREAMS =
            ". Send only events of an ApiServerSource about ImageStreams (image.openshift.io/v1) here.";

    private static ImageStreamEvent decode(String type, String payload) {
        return new ImageStreamEventDecoder().decode(type, payload.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dev.knative.apiserver.ref.add",
                "dev.knative.apiserver.ref.update",
                "dev.knative.apiserver.ref.delete",
                "dev.knative.apiserver.resource.add",
                "dev.knative.apiserver.resource.update",
                "dev.knative.apiserver.resource.delete"
            })
    void aReferenceNamesItsStreamWhateverHappenedToIt(String type) {
        // When
        ImageStreamEvent notice = decode(type, REFERENCE);

        // Then
        assertEquals(new ImageStreamEvent("ns", "app"), notice);
    }

    @Test
    void aWholeObjectNamesItselfInItsMetadata() {
        // Given
        String object = "{\"apiVersion\":\"image.openshift.io/v1\",\"kind\":\"ImageStream\",\"name\":\"wrong\","
                + "\"metadata\":{\"namespace\":\"ns\",\"name\":\"app\",\"labels\":{\"name\":\"x\"}},\"status\":{\"tags\":[7]}}";

        // When
        ImageStreamEvent notice = decode("dev.knative.apiserver.resource.update", object);

        // Then
        assertEquals(new ImageStreamEvent("ns", "app"), notice);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dev.knative.sources.ping",
                "com.amazonaws.ObjectCreated:Put",
                "dev.knative.apiserver.ref.added",
                "xdev.knative.apiserver.ref.add",
                "dev.knative.apiserver.ref.add\n",
                "DEV.KNATIVE.APISERVER.REF.ADD",
                ""
            })
    void eventsOfOtherTypesAreRefusedWhateverTheyHold(String type) {
        // When
        UndecodableEventException refusal =
                assertThrows(UndecodableEventException.class, () -> decode(type, REFERENCE));

        // Then
        assertEquals(
                "Failed to decode an event of type \"" + type.replace('\n', '?')
                        + "\": no ApiServerSource sends that type" + ONLY_STREAMS,
                refusal.getMessage());
    }

    @Test
    void anEventWithoutATypeIsRefused() {
        // When
        UndecodableEventException refusal = assertThrows(
                UndecodableEventException.class, () -> new ImageStreamEventDecoder().decode(null, new byte[0]));

        // Then
        assertEquals(
                "Failed to decode an event of type \"null\": no ApiServerSource sends that type" + ONLY_STREAMS,
                refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[] | payload: its kind is \"missing\" in \"missing\"",
                "null | payload: its kind is \"missing\" in \"missing\"",
                "17 | payload: its kind is \"missing\" in \"missing\"",
                "\"ImageStream\" | payload: its kind is \"missing\" in \"missing\"",
                "{\"kind\":[],\"apiVersion\":7} | payload: its kind is \"an array\" in \"a number\"",
                "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"namespace\":\"ns\",\"name\":\"x\"} | payload: its kind is \"Secret\" in \"v1\"",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.iox/v1\",\"namespace\":\"ns\",\"name\":\"x\"} | payload: its kind is \"ImageStream\" in \"image.openshift.iox/v1\"",
                "{\"kind\":\"ImageStream\\nevent=x\",\"apiVersion\":\"\"} | payload: its kind is \"ImageStream?event=x\" in \"\"",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\"} | payload.namespace: it does not name an ImageStream",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":\"ns\"} | payload.name: it does not name an ImageStream",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":\"ns\",\"name\":\"\"} | payload.name: it does not name an ImageStream",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":{},\"name\":\"x\"} | payload.namespace: it does not name an ImageStream",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"metadata\":[],\"namespace\":\"ns\",\"name\":\"x\"} | payload.metadata.namespace: it does not name an ImageStream",
            })
    void otherKindsAndUnnamedImageStreamsAreRefused(String payload, String reason) {
        // When
        UndecodableEventException refusal = assertThrows(UndecodableEventException.class, () -> decode(ADDED, payload));

        // Then
        assertEquals("Failed to decode " + reason + ONLY_STREAMS, refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "hello", "{\"kind\":", REFERENCE + "{}"})
    void aPayloadThatIsNotJsonIsRefused(String payload) {
        // When
        NotJsonException refusal = assertThrows(NotJsonException.class, () -> decode(ADDED, payload));

        // Then
        assertEquals(
                ONLY_STREAMS.substring(2),
                String.valueOf(refusal.getMessage())
                        .substring(String.valueOf(refusal.getMessage()).indexOf("Send only")));
    }

    @Test
    void nestingDeeperThanAnyEventIsRefused() {
        // Given
        String deep = "{\"kind\":" + "[".repeat(100_000);

        // When
        UndecodableEventException refusal = assertThrows(UndecodableEventException.class, () -> decode(ADDED, deep));

        // Then
        assertEquals(true, String.valueOf(refusal.getMessage()).length() < 500);
    }
}
