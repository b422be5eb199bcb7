package dev.registrybackup.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.awaitility.Awaitility;

/**
 * A client of the service that checks each response against the documented API.
 *
 * @param service where it listens
 * @param token the bearer token that is sent, if any
 */
public record OperationsClient(URI service, Optional<String> token) {
    private static final Duration BOUND = Duration.ofMinutes(4);
    private static final OpenApi OPEN_API = OpenApi.read();
    private static final Set<String> OVER = Set.of("succeeded", "incomplete", "failed", "cancelled");

    /** Asks without a token. */
    public OperationsClient(URI service) {
        this(service, Optional.empty());
    }

    /** An answer: its status, and its body. */
    public record Answer(int status, String body) {
        /** The body, read. */
        public JsonNode json() {
            try {
                return new ObjectMapper().readTree(body);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("No JSON came but " + status + ": " + body, e);
            }
        }
    }

    /** Posts JSON, written with apostrophes for quotation marks. */
    public Answer post(String path, String json) {
        return send(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')))
                .build());
    }

    /** Gets it. */
    public Answer get(String path) {
        return send(request(path).build());
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(service.resolve(path));
        token.ifPresent(given -> request.header("Authorization", "Bearer " + given));
        return request;
    }

    /** Asks for it, and returns the operation once it is over. */
    public JsonNode done(String path, String json) {
        Answer answer = post(path, json);
        if (answer.status() != 202) {
            throw new IllegalStateException("Not accepted but " + answer);
        }
        return over(answer.json().path("id").asText());
    }

    /** The operation, once it is over. */
    public JsonNode over(String id) {
        return Awaitility.await()
                .atMost(BOUND)
                .until(
                        () -> get("/operations/" + id).json(),
                        operation -> OVER.contains(operation.path("state").asText()));
    }

    private static Answer send(HttpRequest request) {
        HttpResponse<String> response = Loopback.send(request);
        List<String> flaws =
                OPEN_API.flaws(request.method(), request.uri().getPath(), response.statusCode(), response.body());
        if (!flaws.isEmpty()) {
            throw new IllegalStateException("Not as docs/openapi.yaml says: " + flaws);
        }
        return new Answer(response.statusCode(), response.body());
    }
}
