package dev.registrybackup.app;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Sends CloudEvents of every known and unknown type, binary and structured, to every path of any role. */
final class EveryEvent {
    private static final List<String> TYPES = List.of(
            "dev.knative.sources.ping",
            "dev.knative.apiserver.ref.add",
            "dev.knative.apiserver.ref.update",
            "dev.knative.apiserver.resource.delete",
            "dev.knative.kafka.event",
            "com.amazonaws.ObjectCreated:Put",
            "restore",
            "verify",
            "reconcile",
            "scheduled",
            "replicate",
            "dead-letter",
            "com.example.unknown");
    private static final List<String> PATHS = List.of(
            "/",
            "/notification",
            "/restore",
            "/preflight",
            "/verify",
            "/reconcile",
            "/operations",
            "/operations/20240101T000000Z-00000000",
            "/operations/20240101T000000Z-00000000/cancel",
            "/catalog",
            "/replicate",
            "/scheduled",
            "/page",
            "/q/nothing",
            "/nothing");
    private static final String DATA = "{\"scope\":{\"all\":true},\"id\":\"20240101T000000Z-00000000\"}";

    private final HttpClient client = HttpClient.newHttpClient();
    private final URI service;
    private final Optional<String> token;

    /** Sends to this service, with the token: an event must not start anything with it either. */
    EveryEvent(URI service, Optional<String> token) {
        this.service = service;
        this.token = token;
    }

    /** The responses other than 422, by path. Sends nothing to the paths where the role takes events. */
    SortedMap<String, Integer> unrefused(List<String> taken) {
        SortedMap<String, Integer> unrefused = new TreeMap<>();
        for (String path : PATHS) {
            if (taken.contains(path)) {
                continue;
            }
            for (String type : TYPES) {
                for (boolean binary : List.of(true, false)) {
                    int status = send(path, type, binary);
                    if (status != 422) {
                        unrefused.put("%s %s %s".formatted(path, type, binary ? "binary" : "structured"), status);
                    }
                }
            }
        }
        return unrefused;
    }

    private int send(String path, String type, boolean binary) {
        HttpRequest.Builder request = HttpRequest.newBuilder(service.resolve(path));
        token.ifPresent(given -> request.header("Authorization", "Bearer " + given));
        if (binary) {
            request.headers("ce-id", "1", "ce-specversion", "1.0", "ce-source", "test", "ce-type", type)
                    .headers("Content-Type", "application/json", "ce-job", "restore")
                    .POST(BodyPublishers.ofString(DATA));
        } else {
            String event =
                    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"test\",\"type\":\"%s\",\"job\":\"restore\",\"data\":%s}"
                            .formatted(type, DATA);
            request.header("Content-Type", "application/cloudevents+json").POST(BodyPublishers.ofString(event));
        }
        try {
            return client.send(request.build(), BodyHandlers.discarding()).statusCode();
        } catch (IOException e) {
            throw new IllegalStateException("Failed to send an event to " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
