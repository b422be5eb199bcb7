package dev.registrybackup.imagestream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.Digest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * An Image of the API ({@code openshift/api}, {@code image/v1/types.go}).
 *
 * @param json the whole object
 */
public record ImageObject(ObjectNode json) {
    /** The annotation of an image that the cluster's own registry has: {@code openshift/api}, {@code image/v1/consts.go}. */
    public static final String MANAGED = "openshift.io/image.managed";

    /** Its digest, which is its name. Throws {@link IllegalArgumentException} if the name is not a digest. */
    public Digest digest() {
        return Digest.parse(json.path("metadata").path("name").asText());
    }

    /** Whether the Image is named by a digest, as every Image that a registry created. */
    static boolean isNamedByDigest(ObjectNode image) {
        return Digest.tryParse(image.path("metadata").path("name").asText()).isPresent();
    }

    /** Whether it was pushed to the cluster's registry: its bytes are in the registry's bucket, possibly nowhere else. */
    public boolean isManaged() {
        return json.path("metadata").path("annotations").path(MANAGED).asText().equals("true");
    }

    /** The digests of its layers and, if its format is schema 2 or OCI, of its config. */
    public Set<Digest> blobs() {
        Set<Digest> blobs = new HashSet<>();
        json.path("dockerImageLayers").forEach(layer -> add(layer.path("name"), blobs));
        add(json.path("dockerImageMetadata").path("Id"), blobs);
        return blobs;
    }

    private static void add(JsonNode digest, Collection<Digest> digests) {
        try {
            digests.add(Digest.parse(digest.asText()));
        } catch (IllegalArgumentException e) {
            // The Id of an image in schema 1 is not a digest.
            return;
        }
    }

    /** The children of an index; each has an Image of its own. An entry without a digest is skipped. */
    public List<Digest> children() {
        List<Digest> children = new ArrayList<>();
        json.path("dockerImageManifests").forEach(child -> add(child.path("digest"), children));
        return children;
    }
}
