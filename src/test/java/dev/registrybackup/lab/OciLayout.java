package dev.registrybackup.lab;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Images as files, in the layout of the OCI image specification. */
final class OciLayout {

    private OciLayout() {}

    static void write(Path folder, TestImage image, String tag) {
        try {
            Path blobs = Files.createDirectories(folder.resolve("blobs/sha256"));
            for (Blob blob : image.closure()) {
                try (InputStream content = blob.open()) {
                    Files.copy(content, blobs.resolve(blob.hex()), StandardCopyOption.REPLACE_EXISTING);
                }
            }
            JsonObject named = image.descriptor()
                    .put("annotations", new JsonObject().put("org.opencontainers.image.ref.name", tag));
            JsonObject index = new JsonObject().put("schemaVersion", 2).put("manifests", new JsonArray().add(named));
            Files.writeString(folder.resolve("index.json"), index.encode());
            Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to write an OCI layout to " + folder, cause);
        }
    }
}
