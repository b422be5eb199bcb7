package dev.registrybackup.lab;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Pushes and pulls with skopeo, which checks every digest. */
public final class Skopeo {

    private static final Duration BOUND = Duration.ofMinutes(5);

    private Skopeo() {}

    /** Pushes what an OCI layout holds under this tag as, say, {@code team/app:v1}; an index with all its images. */
    public static void push(Path ociLayout, String layoutTag, URI registry, String reference) {
        copy("oci:" + ociLayout + ":" + layoutTag, docker(registry, reference));
    }

    /** Pulls everything that {@code team/app:v1} or {@code team/app@sha256:…} names into an OCI layout. */
    public static void pull(URI registry, String reference, Path ociLayout, String layoutTag) {
        copy(docker(registry, reference), "oci:" + ociLayout + ":" + layoutTag);
    }

    /** Copies an image with everything below it from one registry to another. */
    public static void carry(URI from, String reference, URI to) {
        copy(docker(from, reference), docker(to, reference));
    }

    /** The manifest as the registry serves it. */
    public static byte[] manifest(URI registry, String reference) {
        return run("inspect", "--raw", "--tls-verify=false", docker(registry, reference));
    }

    private static void copy(String source, String destination) {
        run(
                "copy",
                "--all",
                "--preserve-digests",
                "--src-tls-verify=false",
                "--dest-tls-verify=false",
                source,
                destination);
    }

    private static String docker(URI registry, String reference) {
        return "docker://" + registry.getAuthority() + "/" + reference;
    }

    private static byte[] run(String... arguments) {
        // Debian's package leaves out the file that says whose signatures to ask for.
        List<String> command = new ArrayList<>(List.of("skopeo", "--insecure-policy"));
        command.addAll(List.of(arguments));
        return ChildProcess.run(BOUND, command);
    }
}
