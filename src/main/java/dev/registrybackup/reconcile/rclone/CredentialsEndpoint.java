package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.registrybackup.objectstore.s3.ProcessCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Serves this process's credentials to rclone while it runs, by AWS's protocol for containers: rclone requests them at
 * its start, and again before they expire. Listens on loopback, and requires a token that is in rclone's environment.
 */
final class CredentialsEndpoint implements AutoCloseable {
    /** Supplies credentials that are valid now. */
    @FunctionalInterface
    interface Source {
        /** Blocks for seconds at most. */
        ProcessCredentials.Current current() throws IOException;
    }

    private final Source source;
    private final String token = UUID.randomUUID().toString();
    private final HttpServer server;

    private CredentialsEndpoint(Source source, HttpServer server) {
        this.source = source;
        this.server = server;
    }

    /**
     * Listens on a free port until it is closed.
     *
     * @throws IOException if there is none
     */
    static CredentialsEndpoint start(Source source) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        CredentialsEndpoint endpoint = new CredentialsEndpoint(source, server);
        server.createContext("/", endpoint::answer);
        server.start();
        return endpoint;
    }

    /** The environment variables that rclone needs, besides {@code env_auth}. */
    Map<String, String> environment() {
        return Map.of(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                "http://127.0.0.1:" + server.getAddress().getPort() + "/",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                token);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Optional<String> given =
                    Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"));
            if (given.filter(text -> MessageDigest.isEqual(text.getBytes(UTF_8), token.getBytes(UTF_8)))
                    .isEmpty()) {
                respond(exchange, 401, failure("Unauthorized", "the Authorization token is missing or wrong"));
                return;
            }
            try {
                respond(exchange, 200, document(source.current()));
            } catch (IOException e) {
                respond(exchange, 500, failure("NoCredentials", String.valueOf(e.getMessage())));
            }
        }
    }

    private static ObjectNode document(ProcessCredentials.Current credentials) {
        ObjectNode document = JsonNodeFactory.instance
                .objectNode()
                .put("AccessKeyId", credentials.accessKey())
                .put("SecretAccessKey", credentials.secretKey());
        credentials.sessionToken().ifPresent(session -> document.put("Token", session));
        credentials.expiration().map(Instant::toString).ifPresent(instant -> document.put("Expiration", instant));
        return document;
    }

    private static ObjectNode failure(String code, String message) {
        return JsonNodeFactory.instance.objectNode().put("code", code).put("message", message);
    }

    private static void respond(HttpExchange exchange, int status, ObjectNode document) throws IOException {
        byte[] body = document.toString().getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
