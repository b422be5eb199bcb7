package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One request to the API.
 *
 * @param method GET, POST, PUT, PATCH or DELETE
 * @param path the path, percent-decoded
 * @param query what follows the question mark, as it was sent; empty without one
 * @param token the bearer token, null without one
 * @param body the body as text, empty without one
 */
public record Request(
        String method, String path, String query, @Nullable String token, String body) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** The method, and the path with the query: {@code GET /api/v1/namespaces?limit=2}. */
    public String line() {
        return method + " " + path + (query.isEmpty() ? "" : "?" + query);
    }

    /** The query parameter's value, empty without it. */
    String parameter(String name) {
        for (String pair : query.split("&", -1)) {
            if (pair.startsWith(name + "=")) {
                return URLDecoder.decode(pair.substring(name.length() + 1), StandardCharsets.UTF_8);
            }
        }
        return "";
    }

    ObjectNode json() {
        try {
            if (MAPPER.readTree(body) instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException cause) {
            throw Refusal.badRequest("the object provided is unrecognized: " + cause.getOriginalMessage());
        }
        throw Refusal.badRequest("the object provided is unrecognized (must be of type JSON object)");
    }

    static JsonNode read(String json) throws JsonProcessingException {
        return MAPPER.readTree(json);
    }
}
