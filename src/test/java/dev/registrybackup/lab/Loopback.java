package dev.registrybackup.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** Ports, probes and requests on 127.0.0.1. */
public final class Loopback {

    static final String ADDRESS = "127.0.0.1";

    private static final Duration PROBE_TIMEOUT = Duration.ofSeconds(2);
    /** Below the ports that Linux gives to outgoing connections, of which tests make thousands. */
    private static final int LOWEST_PORT = 20_000;

    private static final int PORTS = 12_000;
    private static final int ATTEMPTS = 100;

    private static final HttpClient PROBE =
            HttpClient.newBuilder().connectTimeout(PROBE_TIMEOUT).build();

    private Loopback() {}

    /** A port that was free a moment ago. */
    static int freePort() {
        return ThreadLocalRandom.current()
                .ints(ATTEMPTS, LOWEST_PORT, LOWEST_PORT + PORTS)
                .filter(Loopback::isFree)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("Found no free port on " + ADDRESS));
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException taken) {
            return false;
        }
    }

    static URI uri(int port) {
        return URI.create("http://" + ADDRESS + ":" + port);
    }

    /** Sends the request and waits for its response, on a connection of its own: what answered before may be gone. */
    public static HttpResponse<String> send(HttpRequest request) {
        try {
            return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to send " + request, cause);
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while sending " + request, interrupt);
        }
    }

    /** Whether something answers HTTP there, with whatever status. */
    static boolean answers(URI uri) {
        try {
            HttpRequest request =
                    HttpRequest.newBuilder(uri).timeout(PROBE_TIMEOUT).build();
            return PROBE.send(request, BodyHandlers.discarding()).statusCode() > 0;
        } catch (IOException notYet) {
            return false;
        } catch (InterruptedException interrupt) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
