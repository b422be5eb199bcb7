package dev.registrybackup.lab;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An HTTP server of a test's own on a free port of 127.0.0.1. */
public final class LoopbackServer implements AutoCloseable {

    private final HttpServer server;
    private final ExecutorService workers = Executors.newCachedThreadPool();

    /** Has each request answered by this, on a thread of its own; an exchange closed without an answer cuts the connection. */
    public LoopbackServer(HttpHandler handler) {
        // Head and body go out in two writes, and Nagle holds the second back for 40 ms. Read when the first server of
        // the JVM is made; later it does nothing, and answers only take longer.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to start an HTTP server on " + Loopback.ADDRESS, cause);
        }
        server.setExecutor(workers);
        server.createContext("/", handler);
        server.start();
    }

    /** Where it listens. */
    public URI uri() {
        return Loopback.uri(server.getAddress().getPort());
    }

    /** Stops listening and cuts what is open. */
    @Override
    public void close() {
        server.stop(0);
        workers.shutdownNow();
    }
}
