package dev.registrybackup.lab;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Takes bucket notifications and keeps them, for tests that want to see what a store sends. */
public final class NotificationReceiver implements AutoCloseable {

    private final HttpServer server;
    private final ExecutorService workers = Executors.newFixedThreadPool(4);
    // Written by the server's threads, read by tests.
    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private volatile int status = 200;

    /** Listens on a free port. */
    public NotificationReceiver() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to start a receiver of notifications", cause);
        }
        server.setExecutor(workers);
        server.createContext("/", this::take);
        server.start();
    }

    /** Where to send notifications to. */
    public URI uri() {
        return Loopback.uri(server.getAddress().getPort());
    }

    /** Answers with this status from now on; what is answered with other than 2xx is not kept. */
    public void answerWith(int newStatus) {
        status = newStatus;
    }

    /** The bodies taken so far, in the order they came. */
    public List<String> bodies() {
        return List.copyOf(bodies);
    }

    /** Every record of every body as "eventName bucket key", in the order they came. */
    public List<String> events() {
        return bodies.stream()
                .flatMap(body -> new JsonObject(body)
                        .getJsonArray("Records", new JsonArray()).stream()
                                .map(JsonObject.class::cast)
                                .map(NotificationReceiver::event))
                .toList();
    }

    private static String event(JsonObject event) {
        JsonObject entities = event.getJsonObject("s3");
        return event.getString("eventName")
                + " "
                + entities.getJsonObject("bucket").getString("name")
                + " "
                + entities.getJsonObject("object").getString("key");
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            int answer = status;
            if (answer / 100 == 2) {
                bodies.add(body);
            }
            exchange.sendResponseHeaders(answer, -1);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        workers.shutdownNow();
    }
}
