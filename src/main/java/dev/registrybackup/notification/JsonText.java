package dev.registrybackup.notification;

import com.fasterxml.jackson.core.ErrorReportConfiguration;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/** Parses JSON into trees: payloads, and the text inside envelopes. */
final class JsonText {
    /** In characters: bounds what messages and their causes quote from a payload. */
    private static final int MAX_QUOTED_TOKEN = 60;

    private static final int MAX_REASON = 180;

    /** Text that Jackson adds about its own classes and settings, useless to whoever sends a payload. */
    private static final String JACKSON_DETAILS = " \\((start marker at|bound as) .*";

    private final ObjectMapper mapper = JsonMapper.builder(JsonFactory.builder()
                    .errorReportConfiguration(ErrorReportConfiguration.builder()
                            .maxErrorTokenLength(MAX_QUOTED_TOKEN)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final String remedy;

    /** Ends each error message with this remedy. */
    JsonText(String remedy) {
        this.remedy = remedy;
    }

    JsonNode parse(byte[] payload) {
        try {
            JsonNode tree = mapper.readTree(payload);
            if (tree.isMissingNode()) {
                throw new NotJsonException(message(payload, "it is empty"));
            }
            return tree;
        } catch (StreamConstraintsException e) {
            String reason = "it is larger or deeper than any notification (%s)".formatted(reason(e));
            throw new UndecodableEventException(message(payload, reason), e);
        } catch (IOException e) {
            throw new NotJsonException(message(payload, "it is not JSON (%s)".formatted(reason(e))), e);
        }
    }

    private String message(byte[] payload, String reason) {
        return "Failed to decode a payload of %d bytes: %s. %s".formatted(payload.length, reason, remedy);
    }

    /** Parses text inside a payload. Invalid text makes the payload undecodable, not "not JSON". */
    JsonNode parse(String text, JsonCursor holder) {
        try {
            JsonNode tree = mapper.readTree(text);
            if (tree.isMissingNode()) {
                throw holder.undecodable("its text is empty");
            }
            return tree;
        } catch (IOException e) {
            throw holder.undecodable("its text is not readable as JSON (%s)".formatted(reason(e)), e);
        }
    }

    private static String reason(IOException failure) {
        if (!(failure instanceof JsonProcessingException parsing)) {
            return SafeExcerpt.of(String.valueOf(failure.getMessage()), MAX_REASON);
        }
        String reason = String.valueOf(parsing.getOriginalMessage()).replaceFirst(JACKSON_DETAILS, "");
        JsonLocation where = parsing.getLocation();
        return where == null
                ? SafeExcerpt.of(reason, MAX_REASON)
                : "%s, line %d, column %d"
                        .formatted(SafeExcerpt.of(reason, MAX_REASON), where.getLineNr(), where.getColumnNr());
    }
}
