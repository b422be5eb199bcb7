package dev.registrybackup.inventory;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;

/** A part of a registry. */
public sealed interface Scope {
    /** The JSON forms in requests. */
    String FORMS = "{\"all\":true}, {\"namespace\":\"ns\"}, {\"repository\":\"ns/app\"},"
            + " {\"image\":\"ns/app:tag\"}, {\"image\":\"ns/app@sha256:…\"} or {\"digest\":\"sha256:…\"}";

    /** The common key prefix of the scope's links; few other keys have it. */
    String linkPrefix(RegistryLayout layout);

    /** Whether the scope includes the link. */
    boolean covers(RegistryPath.Link link);

    /** The JSON form in requests and records. */
    ObjectNode toJson();

    /** Everything. */
    record All() implements Scope {
        @Override
        public String linkPrefix(RegistryLayout layout) {
            return layout.repositoriesPrefix();
        }

        @Override
        public boolean covers(RegistryPath.Link link) {
            return true;
        }

        @Override
        public ObjectNode toJson() {
            return JsonNodeFactory.instance.objectNode().put("all", true);
        }
    }

    /** All repositories below a namespace. */
    record Namespace(RepositoryName name) implements Scope {
        @Override
        public String linkPrefix(RegistryLayout layout) {
            return layout.repositoriesPrefix() + name + "/";
        }

        @Override
        public boolean covers(RegistryPath.Link link) {
            return link.repository().value().startsWith(name + "/");
        }

        @Override
        public ObjectNode toJson() {
            return JsonNodeFactory.instance.objectNode().put("namespace", name.value());
        }
    }

    /** One repository. */
    record Repository(RepositoryName name) implements Scope {
        /** The underscore excludes repositories below it, whose segments never start with one. */
        @Override
        public String linkPrefix(RegistryLayout layout) {
            return layout.repositoriesPrefix() + name + "/_";
        }

        @Override
        public boolean covers(RegistryPath.Link link) {
            return link.repository().equals(name);
        }

        @Override
        public ObjectNode toJson() {
            return JsonNodeFactory.instance.objectNode().put("repository", name.value());
        }
    }

    /** One image of a repository. */
    sealed interface SingleImage extends Scope {
        /** The only link of the scope. */
        RegistryPath.Link link();

        @Override
        default String linkPrefix(RegistryLayout layout) {
            return layout.keyOf(link());
        }

        @Override
        default boolean covers(RegistryPath.Link link) {
            return link.equals(link());
        }
    }

    /** The image that a tag points to. */
    record TaggedImage(RepositoryName repository, Tag tag) implements SingleImage {
        @Override
        public RegistryPath.Link link() {
            return new TagCurrentLink(repository, tag);
        }

        @Override
        public ObjectNode toJson() {
            return JsonNodeFactory.instance.objectNode().put("image", repository + ":" + tag);
        }
    }

    /** One image, whatever tags it has. */
    record Image(RepositoryName repository, Digest digest) implements SingleImage {
        @Override
        public RegistryPath.Link link() {
            return new RevisionLink(repository, digest);
        }

        @Override
        public ObjectNode toJson() {
            return JsonNodeFactory.instance.objectNode().put("image", repository + "@" + digest);
        }
    }

    /** One blob, without any link. */
    record Blob(Digest digest) implements Scope {
        @Override
        public String linkPrefix(RegistryLayout layout) {
            throw new IllegalStateException("A blob alone has no links");
        }

        @Override
        public boolean covers(RegistryPath.Link link) {
            return false;
        }

        @Override
        public ObjectNode toJson() {
            return JsonNodeFactory.instance.objectNode().put("digest", digest.toString());
        }
    }

    /**
     * Parses an object with one of {@code all}, {@code namespace}, {@code repository}, {@code image}, {@code digest}.
     *
     * @throws IllegalArgumentException if it is not a valid scope; the message names the problem
     */
    static Scope parse(JsonNode json) {
        if (!json.isObject() || json.size() != 1) {
            throw new IllegalArgumentException("\"scope\" must be one of " + FORMS);
        }
        String form = json.fieldNames().next();
        JsonNode value = json.path(form);
        if (form.equals("all") && value.isBoolean() && value.booleanValue()) {
            return new Scope.All();
        }
        if (!value.isTextual()) {
            throw new IllegalArgumentException("\"scope\" must be one of " + FORMS);
        }
        String text = value.textValue();
        return switch (form) {
            case "namespace" -> new Scope.Namespace(new RepositoryName(text));
            case "repository" -> new Scope.Repository(new RepositoryName(text));
            case "image" -> image(text);
            case "digest" -> new Scope.Blob(Digest.parse(text));
            default -> throw new IllegalArgumentException("\"scope\" must be one of " + FORMS);
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
