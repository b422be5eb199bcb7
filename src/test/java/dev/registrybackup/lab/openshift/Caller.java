package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** Calls the stand-in over HTTP, as its tests do. */
final class Caller {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private final OpenShiftApi api;
    private final String token;

    Caller(OpenShiftApi api, OpenShiftApi.Account account) {
        this(api, account.token());
    }

    Caller(OpenShiftApi api, String token) {
        this.api = api;
        this.token = token;
    }

    /** An answer: the HTTP status and the body. */
    record Reply(int status, JsonNode body) {
        String message() {
            return body.path("message").asText();
        }

        ObjectNode object() {
            return (ObjectNode) body;
        }
    }

    Reply get(String path) {
        return send("GET", path, "application/json", "");
    }

    Reply post(String path, String json) {
        return send("POST", path, "application/json", json);
    }

    Reply put(String path, JsonNode json) {
        return send("PUT", path, "application/json", json.toString());
    }

    Reply patch(String path, String json) {
        return send("PATCH", path, "application/merge-patch+json", json);
    }

    Reply delete(String path) {
        return send("DELETE", path, "application/json", "");
    }

    /** {@link UncheckedIOException} when the connection is cut. */
    Reply send(String method, String path, String contentType, String body) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(api.url() + path))
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", contentType)
                .method(method, BodyPublishers.ofString(body))
                .build();
        try {
            HttpResponse<String> response = CLIENT.send(request, BodyHandlers.ofString());
            return new Reply(response.statusCode(), read(response.body()));
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to call " + request.uri(), cause);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while calling " + request.uri(), interrupt);
        }
    }

    private static JsonNode read(String body) {
        try {
            return Request.read(body);
        } catch (JsonProcessingException text) {
            return TextNode.valueOf(body);
        }
    }
}
