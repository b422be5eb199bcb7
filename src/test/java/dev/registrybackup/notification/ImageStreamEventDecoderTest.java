package dev.registrybackup.notification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an ApiServerSource says of ImageStreams, and what others say. */
class ImageStreamEventDecoderTest {
    private static final String ADDED = "dev.knative.apiserver.ref.add";
    private static final String REFERENCE =
            "{\"kind\":\"ImageStream\",\"namespace\":\"ns\",\"name\":\"app\",\"apiVersion\":\"image.openshift.io/v1\"}";
    private static final String ONLY_STREAMS =
            ". Send only what an ApiServerSource says of ImageStreams (image.openshift.io/v1) here.";

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
                "Failed to decode an event of the type \"" + type.replace('\n', '?') + "\": no ApiServerSource sends it"
                        + ONLY_STREAMS,
                refusal.getMessage());
    }

    @Test
    void anEventWithoutATypeIsRefused() {
        // When
        UndecodableEventException refusal = assertThrows(
                UndecodableEventException.class, () -> new ImageStreamEventDecoder().decode(null, new byte[0]));

        // Then
        assertEquals(
                "Failed to decode an event of the type \"null\": no ApiServerSource sends it" + ONLY_STREAMS,
                refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[] | payload: it is of the kind \"missing\" in \"missing\"",
                "null | payload: it is of the kind \"missing\" in \"missing\"",
                "17 | payload: it is of the kind \"missing\" in \"missing\"",
                "\"ImageStream\" | payload: it is of the kind \"missing\" in \"missing\"",
                "{\"kind\":[],\"apiVersion\":7} | payload: it is of the kind \"an array\" in \"a number\"",
                "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"namespace\":\"ns\",\"name\":\"x\"} | payload: it is of the kind \"Secret\" in \"v1\"",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.iox/v1\",\"namespace\":\"ns\",\"name\":\"x\"} | payload: it is of the kind \"ImageStream\" in \"image.openshift.iox/v1\"",
                "{\"kind\":\"ImageStream\\nevent=x\",\"apiVersion\":\"\"} | payload: it is of the kind \"ImageStream?event=x\" in \"\"",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\"} | payload.namespace: it says of no ImageStream which it is",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":\"ns\"} | payload.name: it says of no ImageStream which it is",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":\"ns\",\"name\":\"\"} | payload.name: it says of no ImageStream which it is",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":{},\"name\":\"x\"} | payload.namespace: it says of no ImageStream which it is",
                "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"metadata\":[],\"namespace\":\"ns\",\"name\":\"x\"} | payload.metadata.namespace: it says of no ImageStream which it is",
            })
    void whatIsNoImageStreamOrSaysNotWhichIsRefused(String payload, String reason) {
        // When
        UndecodableEventException refusal = assertThrows(UndecodableEventException.class, () -> decode(ADDED, payload));

        // Then
        assertEquals("Failed to decode " + reason + ONLY_STREAMS, refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "hello", "{\"kind\":", REFERENCE + "{}"})
    void whatIsNotJsonIsRefusedAsSuch(String payload) {
        // When
        NotJsonException refusal = assertThrows(NotJsonException.class, () -> decode(ADDED, payload));

        // Then
        assertEquals(
                ONLY_STREAMS.substring(2),
                String.valueOf(refusal.getMessage())
                        .substring(String.valueOf(refusal.getMessage()).indexOf("Send only")));
    }

    @Test
    void whatIsDeeperThanAnyEventIsRefused() {
        // Given
        String deep = "{\"kind\":" + "[".repeat(100_000);

        // When
        UndecodableEventException refusal = assertThrows(UndecodableEventException.class, () -> decode(ADDED, deep));

        // Then
        assertEquals(true, String.valueOf(refusal.getMessage()).length() < 500);
    }
}
