package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ImageObject;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestMismatchException;
import dev.registrybackup.registry.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Builds Images as the registry posts them after a push: with the manifest and the config, from which the server derives
 * all else and which it then drops (OpenShift image-registry, {@code pkg/dockerregistry/server/manifestservice.go}, {@code
 * Put}; openshift-apiserver, {@code pkg/image/apiserver/internal/imageutil/helpers.go}).
 *
 * @param store where the manifests and configs are
 */
record ImageBuilder(RegistryStore store) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String STORED = "image.openshift.io/manifestBlobStored";
    private static final String OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json";
    private static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";

    /**
     * Builds the Image of this digest.
     *
     * @param reference from where it can be pulled
     * @param captured the captured Image, which has the media type that no blob has; empty if there is none
     * @throws ObjectStoreException if the manifest or config cannot be read, or is not JSON
     * @throws DigestMismatchException if the content of one of them does not match its digest
     */
    ObjectNode build(Digest digest, String reference, Optional<ImageObject> captured) {
        byte[] manifest = read(digest);
        JsonNode parsed = parse(digest, manifest);
        ObjectNode image = JsonNodeFactory.instance.objectNode();
        image.put("apiVersion", "image.openshift.io/v1").put("kind", "Image");
        ObjectNode metadata = image.putObject("metadata").put("name", digest.toString());
        metadata.putObject("annotations").put(ImageObject.MANAGED, "true").put(STORED, "true");
        image.put("dockerImageReference", reference);
        image.put("dockerImageManifest", new String(manifest, StandardCharsets.UTF_8));
        image.put(
                "dockerImageManifestMediaType",
                captured.map(known -> known.json()
                                .path("dockerImageManifestMediaType")
                                .asText())
                        .filter(type -> !type.isEmpty())
                        .orElseGet(() -> mediaType(parsed)));
        String config = parsed.path("config").path("digest").asText();
        if (!config.isEmpty()) {
            image.put("dockerImageConfig", new String(read(Digest.parse(config)), StandardCharsets.UTF_8));
        }
        return image;
    }

    /** As distribution does it: registry/storage/manifeststore.go. */
    private static String mediaType(JsonNode manifest) {
        String stated = manifest.path("mediaType").asText();
        if (!stated.isEmpty()) {
            return stated;
        }
        return manifest.has("manifests") ? OCI_INDEX : OCI_IMAGE;
    }

    private static JsonNode parse(Digest digest, byte[] manifest) {
        try {
            return JSON.readTree(manifest);
        } catch (IOException e) {
            throw new ObjectStoreException(
                    StoreError.BAD_REQUEST, "The blob %s is not a manifest: %s".formatted(digest, e.getMessage()), e);
        }
    }

    /** Reads a manifest or config. The server takes no config that is larger than a manifest may be. */
    private byte[] read(Digest digest) {
        try (OpenObject reading = store.store().open(store.key(digest), Optional.empty(), Optional.empty())) {
            byte[] bytes = reading.readAll(Manifest.MAX_BYTES);
            Digest found = Digest.of(digest.algorithm(), bytes);
            if (!found.equals(digest)) {
                throw new DigestMismatchException(digest, found, bytes.length);
            }
            return bytes;
        }
    }
}
