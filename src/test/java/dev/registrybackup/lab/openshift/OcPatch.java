package dev.registrybackup.lab.openshift;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Does on a stand-in what an administrator's {@code oc patch} does, for remedies that are such commands. */
public final class OcPatch {
    private static final Pattern COMMAND =
            Pattern.compile("oc patch ([a-z]+)\\.([a-z.]+)/cluster --type=merge -p '(.*)'");

    private OcPatch() {}

    /**
     * Runs it.
     *
     * @throws IllegalArgumentException if the command is no {@code oc patch} of a thing named cluster
     * @throws IllegalStateException if the cluster refused it
     */
    public static void run(OpenShiftApi cluster, String command) {
        Matcher patch = COMMAND.matcher(command);
        if (!patch.matches()) {
            throw new IllegalArgumentException("No patch: " + command);
        }
        String plural = patch.group(1).endsWith("s") ? patch.group(1) : patch.group(1) + "s";
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create(cluster.url() + "/apis/%s/v1/%s/cluster".formatted(patch.group(2), plural)))
                .header(
                        "Authorization",
                        "Bearer " + cluster.account("admin").everything().token())
                .header("Content-Type", "application/merge-patch+json")
                .method("PATCH", HttpRequest.BodyPublishers.ofString(patch.group(3)))
                .build();
        try {
            HttpResponse<String> answer =
                    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IllegalStateException(command + ": " + answer.body());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(command, e);
        }
    }
}
