package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.operation.RequestFields;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A request to restore a scope from the backup into a target.
 *
 * @param scope the part of the registry to restore
 * @param at the time to restore as of, UTC; empty for the current state
 * @param target the name of a configured target; {@value #REGISTRY} for the registry itself
 * @param mode whether objects of the target may be replaced
 * @param overwriteTags whether to move tags that point elsewhere in the target
 * @param referrers whether to restore signatures and other referrers with an image
 * @param dryRun whether to plan only and write nothing
 * @param imageStreamMode how to restore the cluster's ImageStreams and Images
 * @param createNamespaces whether to create namespaces that are missing from the cluster
 */
public record RestoreRequest(
        Scope scope,
        Optional<Instant> at,
        String target,
        Mode mode,
        boolean overwriteTags,
        boolean referrers,
        boolean dryRun,
        ImageStreamMode imageStreamMode,
        boolean createNamespaces) {
    /** The target name of the registry itself. */
    public static final String REGISTRY = "registry";

    private static final Set<String> FIELDS = Set.of(
            "scope",
            "at",
            "target",
            "mode",
            "overwriteTags",
            "referrers",
            "dryRun",
            "imageStreams",
            "createNamespaces");

    /** Whether objects of the target may be replaced. */
    public enum Mode {
        /** Writes missing objects only. */
        MISSING,
        /** Also replaces corrupt objects; reads the target's blobs. */
        REPAIR
    }

    /**
     * Parses the JSON form of a request.
     *
     * @param now the current time; {@code at} must not be later
     * @throws IllegalArgumentException if the JSON is not a valid request; the message names the field
     */
    public static RestoreRequest parse(JsonNode json, Instant now) {
        if (!json.isObject() || !json.has("scope")) {
            throw new IllegalArgumentException(
                    "A restore needs a \"scope\", such as {\"scope\":{\"repository\":\"ns/app\"}}");
        }
        RequestFields.requireKnown(
                json, FIELDS, "\"%s\" is not a field of a restore request; the fields are: " + sortedFields());
        Scope scope = Scope.parse(json.path("scope"));
        Optional<Instant> at = at(json.path("at"), now);
        if (at.isPresent() && scope instanceof Scope.Blob) {
            throw new IllegalArgumentException("\"at\" does not apply to a single blob, which never changes");
        }
        return new RestoreRequest(
                scope,
                at,
                json.path("target").isMissingNode() ? REGISTRY : requireText(json, "target"),
                parseChoice(json, "mode", Mode.MISSING),
                parseFlag(json, "overwriteTags"),
                parseFlag(json, "referrers"),
                parseFlag(json, "dryRun"),
                parseImageStreamMode(json, scope),
                parseFlag(json, "createNamespaces"));
    }

    private static ImageStreamMode parseImageStreamMode(JsonNode json, Scope scope) {
        if (json.has("imageStreams") && scope instanceof Scope.Blob) {
            throw new IllegalArgumentException(
                    "\"imageStreams\" does not apply to a single blob, which belongs to no ImageStream");
        }
        return parseChoice(json, "imageStreams", ImageStreamMode.NONE);
    }

    private static List<String> sortedFields() {
        return FIELDS.stream().sorted().toList();
    }

    private static Optional<Instant> at(JsonNode value, Instant now) {
        if (value.isMissingNode()) {
            return Optional.empty();
        }
        try {
            Instant at = Instant.parse(value.asText());
            if (at.isAfter(now)) {
                throw new IllegalArgumentException(
                        "\"at\" is %s, which is in the future: the time now is %s".formatted(at, now));
            }
            return Optional.of(at);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "\"at\" must be an instant in UTC such as 2026-11-22T13:45:00Z, not \"%s\""
                            .formatted(value.asText()),
                    e);
        }
    }

    /** The constant that the field names; the default if the field is missing. */
    private static <E extends Enum<E>> E parseChoice(JsonNode json, String field, E usual) {
        if (json.path(field).isMissingNode()) {
            return usual;
        }
        String text = requireText(json, field);
        List<E> choices = List.of(usual.getDeclaringClass().getEnumConstants());
        return choices.stream()
                .filter(choice -> label(choice).equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("\"%s\" must be %s, not \"%s\""
                        .formatted(
                                field,
                                choices.stream().map(RestoreRequest::label).collect(Collectors.joining(" or ")),
                                text)));
    }

    static String label(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String requireText(JsonNode json, String field) {
        if (!json.path(field).isTextual()) {
            throw new IllegalArgumentException("\"%s\" must be a string".formatted(field));
        }
        return json.path(field).textValue();
    }

    private static boolean parseFlag(JsonNode json, String field) {
        JsonNode value = json.path(field);
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw new IllegalArgumentException("\"%s\" must be true or false".formatted(field));
        }
        return value.asBoolean(false);
    }

    /**
     * The same request for links that are given instead of a scope. If the request was for everything in mode repair,
     * that has already repaired them, so the mode becomes missing.
     */
    RestoreRequest withFullScope() {
        return new RestoreRequest(
                new Scope.All(),
                at,
                target,
                scope instanceof Scope.All ? Mode.MISSING : mode,
                overwriteTags,
                false,
                dryRun,
                imageStreamMode,
                createNamespaces);
    }

    RestoreRequest withImageStreams(ImageStreamMode mode) {
        return new RestoreRequest(
                scope, at, target, this.mode, overwriteTags, referrers, dryRun, mode, createNamespaces);
    }

    /** The JSON form that {@link #parse} reads. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.set("scope", scope.toJson());
        at.ifPresent(time -> json.put("at", time.toString()));
        if (imageStreamMode != ImageStreamMode.NONE) {
            json.put("imageStreams", imageStreamMode.label()).put("createNamespaces", createNamespaces);
        }
        return json.put("target", target)
                .put("mode", label(mode))
                .put("overwriteTags", overwriteTags)
                .put("referrers", referrers)
                .put("dryRun", dryRun);
    }
}
