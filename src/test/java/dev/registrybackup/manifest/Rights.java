package dev.registrybackup.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.manifest.Manifests.Document;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Who may do what, by the Roles and bindings of documents. */
final class Rights {
    private static final Set<String> READING = Set.of("get", "list", "watch");

    private Rights() {}

    /** The service accounts that may do more than read any of these resources, or a part of one. */
    static Set<String> writersOf(List<Document> documents, Set<String> resources) {
        Set<String> writers = new TreeSet<>();
        for (Document binding : documents) {
            JsonNode role = binding.content().path("roleRef");
            boolean writes = documents.stream()
                    .filter(document -> document.kind().equals(role.path("kind").asText())
                            && document.name().equals(role.path("name").asText()))
                    .anyMatch(document -> writes(document.content(), resources));
            if (writes) {
                binding.content()
                        .path("subjects")
                        .forEach(subject -> writers.add(subject.path("name").asText()));
            }
        }
        return writers;
    }

    /** The Roles that are bound but not among the documents. */
    static Set<String> foreignRoles(List<Document> documents) {
        Set<String> roles = new TreeSet<>();
        for (Document binding : documents) {
            JsonNode role = binding.content().path("roleRef");
            if (role.isObject()
                    && documents.stream()
                            .noneMatch(document -> document.kind()
                                            .equals(role.path("kind").asText())
                                    && document.name().equals(role.path("name").asText()))) {
                roles.add(role.path("kind").asText() + "/" + role.path("name").asText());
            }
        }
        return roles;
    }

    private static boolean writes(JsonNode role, Set<String> resources) {
        for (JsonNode rule : role.path("rules")) {
            boolean isMeant = false;
            for (JsonNode resource : rule.path("resources")) {
                isMeant |= resources.contains(resource.asText().replaceFirst("/.*", ""));
            }
            for (JsonNode verb : rule.path("verbs")) {
                if (isMeant && !READING.contains(verb.asText())) {
                    return true;
                }
            }
        }
        return false;
    }
}
