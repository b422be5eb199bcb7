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
 * An Image as the API has it ({@code openshift/api}, {@code image/v1/types.go}).
 *
 * @param json the whole object
 */
public record ImageObject(ObjectNode json) {
    /** Says that the cluster's own registry has the image: {@code openshift/api}, {@code image/v1/consts.go}. */
    public static final String MANAGED = "openshift.io/image.managed";

    /** Its digest, which is its name. Throws {@link IllegalArgumentException} if it is none. */
    public Digest digest() {
        return Digest.parse(json.path("metadata").path("name").asText());
    }

    /** Whether the Image has a digest for its name, as all have that a registry made. */
    static boolean isNamedByDigest(ObjectNode image) {
        try {
            Digest.parse(image.path("metadata").path("name").asText());
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Whether it was pushed to the cluster's registry, so that its bytes are in the registry's bucket and nowhere else. */
    public boolean isManaged() {
        return json.path("metadata").path("annotations").path(MANAGED).asText().equals("true");
    }

    /** The blobs that it names itself: its layers and, of an image of schema 2 or of OCI, its config. */
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
            // Of schema 1 the Id is none.
            return;
        }
    }

    /** If it is an index, its children; each is an Image of its own. What names none is passed over. */
    public List<Digest> children() {
        List<Digest> children = new ArrayList<>();
        json.path("dockerImageManifests").forEach(child -> add(child.path("digest"), children));
        return children;
    }
}
