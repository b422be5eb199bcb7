package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Writing ImageStreams: OAS pkg/image/apiserver/registry/imagestream/strategy.go. */
final class ImageStreams {
    private static final Pattern NAME = Pattern.compile("[a-z0-9]+(?:[._-][a-z0-9]+)*");

    private final Store store;

    ImageStreams(Store store) {
        this.store = store;
    }

    /** Fills what is computed on every read: Decorate. */
    static void decorate(ObjectNode stream) {
        Tags.child(stream, "status").put("dockerImageRepository", repository(stream));
    }

    static String repository(JsonNode stream) {
        return "%s/%s/%s"
                .formatted(
                        OpenShiftApi.INTERNAL_REGISTRY,
                        stream.at("/metadata/namespace").asText(),
                        stream.at("/metadata/name").asText());
    }

    /** PrepareForCreate, then Validate: the status that was sent is lost, tags of the spec can write a new one. */
    ObjectNode create(ObjectNode stream, String manager, BiPredicate<String, String> mayReadLayers) {
        stream.putObject("status");
        Metadata.of(stream).put("generation", 1);
        Tags.normalize(stream);
        Tags.spec(stream).values().forEach(tag -> tag.put("generation", 1));
        decorate(stream);
        validate(null, stream, new SpecTags(store, mayReadLayers).apply(null, stream));
        Tags.normalize(stream);
        return store.create(Resource.IMAGE_STREAMS, stream, manager);
    }

    /** PrepareForUpdate: the status stays as it is stored, but for what changed tags of the spec do to it. */
    ObjectNode update(ObjectNode stream, String manager, BiPredicate<String, String> mayReadLayers) {
        ObjectNode old = store.replaceable(Resource.IMAGE_STREAMS, stream, false);
        stream.set("status", old.path("status").deepCopy());
        Tags.normalize(stream);
        decorate(stream);
        countGenerations(old, stream);
        validate(old, stream, new SpecTags(store, mayReadLayers).apply(old, stream));
        Tags.normalize(stream);
        return store.replace(Resource.IMAGE_STREAMS, old, stream, manager);
    }

    /** UpdateSpecTagGenerationsForUpdate, prepareForUpdate, ensureSpecTagGenerationsAreSet. */
    private static void countGenerations(ObjectNode old, ObjectNode stream) {
        Map<String, ObjectNode> oldTags = Tags.spec(old);
        Tags.spec(stream).forEach((name, tag) -> {
            ObjectNode oldTag = oldTags.get(name);
            boolean reset =
                    tag.path("generation").isNumber() && tag.path("generation").asLong() == 0;
            if (oldTag != null && !reset) {
                tag.set("generation", oldTag.path("generation").deepCopy());
            }
        });
        long generation = old.at("/metadata/generation").asLong();
        if (!old.path("spec").equals(stream.path("spec"))) {
            generation++;
        }
        Metadata.of(stream).put("generation", generation);
        String namespace = stream.at("/metadata/namespace").asText();
        for (Map.Entry<String, ObjectNode> entry : Tags.spec(stream).entrySet()) {
            ObjectNode tag = entry.getValue();
            ObjectNode oldTag = oldTags.get(entry.getKey());
            if (oldTag == null
                    || SpecTags.changed(oldTag, tag, namespace)
                    || tag.path("generation").asLong() == 0) {
                tag.put("generation", generation);
            }
        }
    }

    /** Validate, ValidateUpdate. */
    private void validate(@Nullable ObjectNode old, ObjectNode stream, List<FieldError> tagErrors) {
        List<FieldError> errors = new ArrayList<>();
        String name = stream.at("/metadata/name").asText();
        if (!tagErrors.isEmpty()) {
            errors.add(FieldError.internal(
                    "", "imagestreams \"%s\" is invalid: %s".formatted(name, Refusal.aggregate(tagErrors))));
        } else {
            overLimit(old, stream).ifPresent(why -> errors.add(FieldError.internal("", why)));
        }
        if (!NAME.matcher(name).matches()) {
            errors.add(FieldError.invalid("metadata.name", name, "must match \"[a-z0-9]+(?:[._-][a-z0-9]+)*\""));
        }
        AllowedRegistries allowed = allowedRegistries();
        if (old != null) {
            Tags.spec(old)
                    .values()
                    .forEach(tag -> allowed.addRepositoryOf(tag.at("/from/name").asText()));
            references(old).values().forEach(allowed::addRepositoryOf);
        }
        Tags.spec(stream).forEach((tag, reference) -> {
            if (reference.at("/from/kind").asText().equals("DockerImage")) {
                check(
                        "spec.tags[%s].from.name".formatted(tag),
                        reference.at("/from/name").asText(),
                        allowed,
                        errors);
            }
        });
        references(stream).forEach((path, reference) -> check(path, reference, allowed, errors));
        refuse(stream, errors);
    }

    /**
     * StatusStrategy: metadata and status tags are taken from the request, the spec's tags from what is stored. Nothing of
     * the history is checked or counted but limits, registries and references.
     */
    ObjectNode updateStatus(ObjectNode stream, String manager) {
        ObjectNode old = store.replaceable(Resource.IMAGE_STREAMS, stream, false);
        keepSpec(old, stream);
        Metadata.of(stream).put("generation", old.at("/metadata/generation").asLong());
        Tags.normalize(stream);
        observeGenerations(old, stream);
        List<FieldError> errors = new ArrayList<>();
        overLimit(old, stream).ifPresent(why -> errors.add(FieldError.forbidden("imageStream", why)));
        AllowedRegistries allowed = allowedRegistries();
        Map<String, String> known = references(old);
        references(stream).forEach((path, reference) -> {
            if (!known.containsValue(reference)) {
                check(path, reference, allowed, errors);
            }
        });
        refuse(stream, errors);
        return store.replace(Resource.IMAGE_STREAMS, old, stream, manager);
    }

    private static void keepSpec(ObjectNode old, ObjectNode stream) {
        ObjectNode spec = Tags.child(stream, "spec");
        for (String field : List.of("tags", "dockerImageRepository")) {
            JsonNode kept = old.path("spec").get(field);
            if (kept == null) {
                spec.remove(field);
            } else {
                spec.set(field, kept.deepCopy());
            }
        }
    }

    /** UpdateObservedGenerationForStatusUpdate: a newest item without a generation gets one. */
    private static void observeGenerations(ObjectNode old, ObjectNode stream) {
        Map<String, ObjectNode> spec = Tags.spec(stream);
        Tags.status(stream).keySet().forEach(tag -> {
            ObjectNode newest = Tags.latest(stream, tag);
            if (newest != null && newest.path("generation").asLong() == 0) {
                ObjectNode before = Tags.latest(old, tag);
                ObjectNode reference = spec.get(tag);
                boolean moved = before != null
                        && !(before.path("image").equals(newest.path("image"))
                                && before.path("dockerImageReference").equals(newest.path("dockerImageReference"))
                                && before.path("generation").asLong() == 0);
                JsonNode generation = moved && reference != null && reference.hasNonNull("generation")
                        ? reference.path("generation")
                        : stream.at("/metadata/generation");
                newest.put("generation", generation.asLong());
            }
        });
    }

    private Optional<String> overLimit(@Nullable ObjectNode old, ObjectNode stream) {
        return new Limits(
                        store.snapshot(Resource.LIMIT_RANGES).values(),
                        stream.at("/metadata/namespace").asText())
                .refusalOf(old, stream);
    }

    private AllowedRegistries allowedRegistries() {
        return new AllowedRegistries(store.existing(Resource.IMAGE_SETTINGS, "", OpenShiftApi.CLUSTER));
    }

    private static Map<String, String> references(JsonNode stream) {
        Map<String, String> references = new TreeMap<>();
        Tags.status(stream).forEach((tag, entry) -> {
            List<ObjectNode> items = Tags.items(entry);
            for (int index = 0; index < items.size(); index++) {
                references.put(
                        "status.tags[%s].items[%d].dockerImageReference".formatted(tag, index),
                        items.get(index).path("dockerImageReference").asText());
            }
        });
        return references;
    }

    /** OAS pkg/image/apis/image/validation/validation.go. */
    private static void check(String path, String reference, AllowedRegistries allowed, List<FieldError> errors) {
        try {
            allowed.refusalOf(ImageReference.parse(reference))
                    .ifPresent(why -> errors.add(FieldError.forbidden(path, why)));
        } catch (IllegalArgumentException malformed) {
            errors.add(FieldError.invalid(path, reference, String.valueOf(malformed.getMessage())));
        }
    }

    private static void refuse(ObjectNode stream, List<FieldError> errors) {
        if (!errors.isEmpty()) {
            throw Refusal.invalid(
                    Resource.IMAGE_STREAMS, stream.at("/metadata/name").asText(), errors);
        }
    }
}
