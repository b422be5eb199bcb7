package dev.registrybackup.inventory;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;

/** Reads scopes from requests. */
final class ScopeReader {
    private static final String FORMS = "{\"all\":true}, {\"namespace\":\"ns\"}, {\"repository\":\"ns/app\"},"
            + " {\"image\":\"ns/app:tag\"}, {\"image\":\"ns/app@sha256:…\"} or {\"digest\":\"sha256:…\"}";

    private ScopeReader() {}

    static Scope read(JsonNode json) {
        if (!json.isObject() || json.size() != 1) {
            throw new IllegalArgumentException("\"scope\" has to be one of " + FORMS);
        }
        String form = json.fieldNames().next();
        JsonNode value = json.path(form);
        if (form.equals("all") && value.isBoolean() && value.booleanValue()) {
            return new Scope.All();
        }
        if (!value.isTextual()) {
            throw new IllegalArgumentException("\"scope\" has to be one of " + FORMS);
        }
        String text = value.textValue();
        return switch (form) {
            case "namespace" -> new Scope.Namespace(new RepositoryName(text));
            case "repository" -> new Scope.Repository(new RepositoryName(text));
            case "image" -> image(text);
            case "digest" -> new Scope.Blob(Digest.parse(text));
            default -> throw new IllegalArgumentException("\"scope\" has to be one of " + FORMS);
        };
    }

    private static Scope image(String text) {
        int at = text.indexOf('@');
        if (at >= 0) {
            return new Scope.Image(new RepositoryName(text.substring(0, at)), Digest.parse(text.substring(at + 1)));
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException(
                    "An image is <repository>:<tag> or <repository>@<digest>, not \"%s\"".formatted(text));
        }
        return new Scope.TaggedImage(new RepositoryName(text.substring(0, colon)), new Tag(text.substring(colon + 1)));
    }
}
