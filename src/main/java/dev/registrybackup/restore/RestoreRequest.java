package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.Scope;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What is to be restored, and how.
 *
 * @param scope which part of the registry
 * @param at the time, UTC, as of which; empty for what the backup has now
 * @param target the name of a configured target; {@value #REGISTRY} for the registry itself
 * @param mode what to do about what the target has
 * @param overwriteTags whether tags that point elsewhere in the target are moved
 * @param referrers whether signatures and whatever else refers to an image come with it
 * @param dryRun whether to tell only what would be done
 * @param imageStreamMode what is restored of the cluster's own records of images
 * @param createNamespaces whether namespaces that the cluster lacks are created
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
    /** The target's name that means the registry. */
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

    /** What to do about what the target has. */
    public enum Mode {
        /** Write what it lacks. */
        MISSING,
        /** Also replace what is not what it has to be; reads the target's blobs. */
        REPAIR;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Reads a request.
     *
     * @param now the time, which {@code at} may not be after
     * @throws IllegalArgumentException if it is none, saying what is wrong
     */
    public static RestoreRequest parse(JsonNode json, Instant now) {
        if (!json.isObject() || !json.has("scope")) {
            throw new IllegalArgumentException(
                    "A restore needs a \"scope\", such as {\"scope\":{\"repository\":\"ns/app\"}}");
        }
        json.fieldNames().forEachRemaining(field -> {
            if (!FIELDS.contains(field)) {
                throw new IllegalArgumentException(
                        "\"%s\" is no part of a restore's request; these are: %s".formatted(field, sortedFields()));
            }
        });
        Scope scope = Scope.parse(json.path("scope"));
        Optional<Instant> at = at(json.path("at"), now);
        if (at.isPresent() && scope instanceof Scope.Blob) {
            throw new IllegalArgumentException("\"at\" means nothing for one blob, which never changes");
        }
        return new RestoreRequest(
                scope,
                at,
                json.path("target").isMissingNode() ? REGISTRY : requireText(json, "target"),
                json.path("mode").isMissingNode() ? Mode.MISSING : mode(requireText(json, "mode")),
                parseFlag(json, "overwriteTags"),
                parseFlag(json, "referrers"),
                parseFlag(json, "dryRun"),
                parseImageStreamMode(json, scope),
                parseFlag(json, "createNamespaces"));
    }

    private static ImageStreamMode parseImageStreamMode(JsonNode json, Scope scope) {
        if (json.path("imageStreams").isMissingNode()) {
            return ImageStreamMode.NONE;
        }
        if (scope instanceof Scope.Blob) {
            throw new IllegalArgumentException(
                    "\"metadata\" means nothing for one blob, which belongs to no ImageStream");
        }
        return ImageStreamMode.fromLabel(requireText(json, "imageStreams"));
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
                throw new IllegalArgumentException("\"at\" is %s, which is in the future: it is %s".formatted(at, now));
            }
            return Optional.of(at);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "\"at\" has to be an instant in UTC such as 2026-11-22T13:45:00Z, not \"%s\""
                            .formatted(value.asText()),
                    e);
        }
    }

    private static Mode mode(String text) {
        return switch (text) {
            case "missing" -> Mode.MISSING;
            case "repair" -> Mode.REPAIR;
            default -> throw new IllegalArgumentException("\"mode\" is missing or repair, not \"%s\"".formatted(text));
        };
    }

    private static String requireText(JsonNode json, String field) {
        if (!json.path(field).isTextual()) {
            throw new IllegalArgumentException("\"%s\" has to be a text".formatted(field));
        }
        return json.path(field).textValue();
    }

    private static boolean parseFlag(JsonNode json, String field) {
        JsonNode value = json.path(field);
        if (!value.isMissingNode() && !value.isBoolean()) {
            throw new IllegalArgumentException("\"%s\" has to be true or false".formatted(field));
        }
        return value.asBoolean(false);
    }

    /**
     * The same for all that is told of by whoever names it: the links that are given instead of a scope. After everything was
     * repaired, nothing of it is to be repaired again.
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

    /** The form in which it is kept; {@link #parse} reads it. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.set("scope", scope.toJson());
        at.ifPresent(time -> json.put("at", time.toString()));
        if (imageStreamMode != ImageStreamMode.NONE) {
            json.put("imageStreams", imageStreamMode.label()).put("createNamespaces", createNamespaces);
        }
        return json.put("target", target)
                .put("mode", mode.label())
                .put("overwriteTags", overwriteTags)
                .put("referrers", referrers)
                .put("dryRun", dryRun);
    }
}
