package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writing Images: OAS pkg/image/apiserver/registry/image/strategy.go. Signatures are kept unchecked.
 *
 * <p>A name need not be a digest: validation.go, validateImage asks for a path segment only.
 */
final class Images {
    static final String MANAGED = "openshift.io/image.managed";
    static final String BLOB_STORED = "image.openshift.io/manifestBlobStored";

    private final Store store;

    Images(Store store) {
        this.store = store;
    }

    /** PrepareForCreate: with an empty manifest the metadata that was sent is kept as it is. */
    ObjectNode create(ObjectNode image, String manager) {
        prepare(image, store.now());
        refuse(image, problems(image, ""));
        return store.create(Resource.IMAGES, image, manager);
    }

    static void prepare(ObjectNode image, String now) {
        if (image.path("dockerImageMetadata").isObject()
                && image.at("/dockerImageMetadata/kind").asText().isEmpty()) {
            // Conversion.go decodes the metadata as an object of its own; this is that decoder's error.
            throw Refusal.badRequest("Object 'Kind' is missing in '" + image.path("dockerImageMetadata") + "'");
        }
        ImageContent.fill(image, now);
        ImageContent.metadata(image);
        ImageContent.fillChildren(image);
        strip(image);
    }

    private static void strip(ObjectNode image) {
        if (annotated(image, BLOB_STORED)) {
            image.remove("dockerImageManifest");
            image.remove("dockerImageConfig");
        }
        if (!image.has("dockerImageLayers")) {
            // The field has no omitempty in openshift/api image/v1/types.go.
            image.putNull("dockerImageLayers");
        }
        if (!image.has("dockerImageMetadataVersion")) {
            image.put("dockerImageMetadataVersion", "1.0");
        }
    }

    static boolean annotated(JsonNode image, String annotation) {
        return image.path("metadata")
                .path("annotations")
                .path(annotation)
                .asText()
                .equals("true");
    }

    /** ValidateImage; the prefix is where the image stands in a larger object. */
    static List<FieldError> problems(JsonNode image, String prefix) {
        List<FieldError> errors = new ArrayList<>();
        if (image.at("/metadata/name").asText().isEmpty()) {
            errors.add(FieldError.required(prefix + "metadata.name", "name or generateName is required"));
        }
        String reference = image.path("dockerImageReference").asText();
        if (reference.isEmpty()) {
            errors.add(FieldError.required(prefix + "dockerImageReference", ""));
            return errors;
        }
        try {
            ImageReference.parse(reference);
        } catch (IllegalArgumentException malformed) {
            errors.add(FieldError.invalid(
                    prefix + "dockerImageReference", reference, String.valueOf(malformed.getMessage())));
        }
        return errors;
    }

    /** PrepareForUpdate: what was found out at creation stays; another manifest or configuration must have the digest. */
    ObjectNode update(ObjectNode image, String manager) {
        ObjectNode old = store.replaceable(Resource.IMAGES, image, false);
        for (String field : List.of("dockerImageMetadata", "dockerImageMetadataVersion", "dockerImageLayers")) {
            image.set(field, old.path(field).deepCopy());
        }
        keepUnless(image, old, "dockerImageManifest", image.at("/metadata/name").asText());
        keepUnless(
                image,
                old,
                "dockerImageConfig",
                image.at("/dockerImageMetadata/Id").asText());
        ImageContent.fill(image, store.now());
        strip(image);
        refuse(image, problems(image, ""));
        return store.replace(Resource.IMAGES, old, image, manager);
    }

    private static void keepUnless(ObjectNode image, ObjectNode old, String field, String digest) {
        String text = image.path(field).asText();
        String found = Digest.of(DigestAlgorithm.SHA256, text.getBytes(StandardCharsets.UTF_8))
                .toString();
        if (!text.isEmpty() && !found.equals(digest)) {
            if (old.has(field)) {
                image.set(field, old.path(field).deepCopy());
            } else {
                image.remove(field);
            }
        }
    }

    private static void refuse(ObjectNode image, List<FieldError> errors) {
        if (!errors.isEmpty()) {
            throw Refusal.invalid(Resource.IMAGES, image.at("/metadata/name").asText(), errors);
        }
    }
}
