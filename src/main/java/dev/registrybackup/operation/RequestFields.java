package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;

/** Checks the fields of a request in JSON. */
public final class RequestFields {
    private RequestFields() {}

    /**
     * Checks that an object has no other fields than these, so that a misspelled one is not ignored.
     *
     * @param refusal the message for an unknown field, with {@code %s} for its name
     * @throws IllegalArgumentException for the first unknown field
     */
    public static void requireKnown(JsonNode json, Collection<String> known, String refusal) {
        json.fieldNames().forEachRemaining(field -> {
            if (!known.contains(field)) {
                throw new IllegalArgumentException(refusal.formatted(field));
            }
        });
    }
}
