package dev.registrybackup.lab.openshift;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** HTTP on loopback, with as many requests at a time as come; a handler that throws has the connection cut. */
final class ApiServer implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService workers = Executors.newCachedThreadPool();
    private final Function<Request, Answer> handler;

    ApiServer(Function<Request, Answer> handler) {
        this.handler = handler;
        // Head and body go out in two writes, and Nagle holds the second back for 40 ms. Read when the first server of
        // the
        // JVM is made; later it does nothing, and answers only take longer.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to start the stand-in of OpenShift's API", cause);
        }
        server.setExecutor(workers);
        server.createContext("/", this::take);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void take(HttpExchange exchange) throws IOException {
        // Closing an exchange that was not answered closes the connection.
        try (exchange) {
            Answer answer = answer(request(exchange));
            boolean text = answer.body().isTextual();
            byte[] body = (text ? answer.body().asText() : answer.body().toString()).getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", text ? "text/plain" : "application/json");
            exchange.sendResponseHeaders(answer.status(), body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /** Whatever is thrown becomes what the server takes quietly for a connection that is lost. */
    private Answer answer(Request request) throws IOException {
        try {
            return handler.apply(request);
        } catch (RuntimeException | Error cause) {
            throw new IOException("Cut the connection of " + request.line(), cause);
        }
    }

    private static Request request(HttpExchange exchange) throws IOException {
        String query = exchange.getRequestURI().getRawQuery();
        return new Request(
                exchange.getRequestMethod(),
                exchange.getRequestURI().getPath(),
                query == null ? "" : query,
                token(exchange),
                orEmpty(exchange.getRequestHeaders().getFirst("Content-Type")),
                new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    }

    private static @Nullable String token(HttpExchange exchange) {
        String header = orEmpty(exchange.getRequestHeaders().getFirst("Authorization"));
        return header.startsWith("Bearer ") ? header.substring("Bearer ".length()) : null;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    @Override
    public void close() {
        server.stop(0);
        workers.shutdownNow();
    }
}
