package dev.registrybackup.lab;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
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

/** Accepts bucket notifications and keeps their bodies. */
public final class NotificationReceiver implements AutoCloseable {

    private final HttpServer server;
    private final ExecutorService workers = Executors.newFixedThreadPool(4);
    // Written by the server's threads, read by tests.
    private final List<String> bodies = new CopyOnWriteArrayList<>();

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

    /** The bodies taken so far, in the order they came. */
    public List<String> bodies() {
        return List.copyOf(bodies);
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            bodies.add(body);
            exchange.sendResponseHeaders(200, -1);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        workers.shutdownNow();
    }
}
