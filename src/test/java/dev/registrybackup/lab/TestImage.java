package dev.registrybackup.lab;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** An image, or an index of images: its manifest, the blobs it names, the images it names. */
public record TestImage(Blob manifest, String mediaType, List<Blob> blobs, List<TestImage> children) {

    /** Keeps copies of the lists. */
    public TestImage {
        blobs = List.copyOf(blobs);
        children = List.copyOf(children);
    }

    /** The manifest's digest. */
    public String digest() {
        return manifest.digest();
    }

    /** Everything reachable from here, children before what names them, this manifest last. */
    public List<Blob> closure() {
        List<Blob> all = new ArrayList<>();
        children.forEach(child -> all.addAll(child.closure()));
        all.addAll(blobs);
        all.add(manifest);
        return all.stream().distinct().toList();
    }

    /** Writes an OCI layout that holds this image under this tag: what skopeo calls {@code oci:<folder>:<tag>}. */
    public void writeOciLayout(Path folder, String tag) {
        JsonObject named =
                descriptor().put("annotations", new JsonObject().put("org.opencontainers.image.ref.name", tag));
        JsonObject index = new JsonObject().put("schemaVersion", 2).put("manifests", new JsonArray().add(named));
        try {
            Path blobs = Files.createDirectories(folder.resolve("blobs/sha256"));
            for (Blob blob : closure()) {
                try (InputStream content = blob.open()) {
                    Files.copy(content, blobs.resolve(blob.hex()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            Files.writeString(folder.resolve("index.json"), index.encode());
            Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to write an OCI layout to " + folder, cause);
        }
    }

    JsonObject descriptor() {
        return TestImages.descriptor(mediaType, manifest);
    }
}
