package dev.registrybackup.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The documented HTTP API, to check real responses against.
 *
 * @param document {@code docs/openapi.yaml}
 */
public record OpenApi(JsonNode document) {
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(VersionFlag.V202012);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Reads the document. */
    public static OpenApi read() {
        try {
            return new OpenApi(new YAMLMapper().readTree(Files.readString(Path.of("docs/openapi.yaml"))));
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to read docs/openapi.yaml", e);
        }
    }

    /** The verb of each route, such as {@code POST /restore}. */
    public SortedMap<String, String> verbs() {
        SortedMap<String, String> verbs = new TreeMap<>();
        for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                if (method.getValue().has("x-verb")) {
                    verbs.put(
                            method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(),
                            method.getValue().path("x-verb").asText());
                }
            }
        }
        return verbs;
    }

    /**
     * The flaws of a response according to the document; none for a method and path that it does not describe.
     *
     * @param path without the query
     */
    public List<String> flaws(String method, String path, int status, String body) {
        Optional<JsonNode> operation = document.path("paths").properties().stream()
                .filter(entry -> path.matches(entry.getKey().replaceAll("\\{[^}]+}", "[^/]+")))
                .map(entry -> entry.getValue().path(method.toLowerCase(Locale.ROOT)))
                .filter(JsonNode::isObject)
                .findFirst();
        if (operation.isEmpty()) {
            return List.of();
        }
        JsonNode response = resolve(operation.get().path("responses").path(String.valueOf(status)));
        if (response.isMissingNode()) {
            return List.of("%s %s is not documented to answer %d: %s".formatted(method, path, status, body));
        }
        JsonNode schema = response.path("content").path("application/json").path("schema");
        return schema.isMissingNode() ? List.of() : flaws(schema, body);
    }

    private List<String> flaws(JsonNode schema, String body) {
        ObjectNode whole = JsonNodeFactory.instance.objectNode();
        whole.setAll((ObjectNode) schema);
        whole.set("components", document.path("components"));
        try {
            Set<ValidationMessage> messages = SCHEMAS.getSchema(whole).validate(JSON.readTree(body));
            return messages.stream()
                    .map(message -> message.getMessage() + " in " + body)
                    .toList();
        } catch (IOException e) {
            return List.of("It is not JSON: " + body);
        }
    }

    private JsonNode resolve(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }
}
