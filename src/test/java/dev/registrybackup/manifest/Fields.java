package dev.registrybackup.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.KubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Finds fields that a kind does not have. */
final class Fields {
    private static final Path LISTS = Path.of("src/test/resources/manifests/fields");

    private Fields() {}

    /** The paths of all fields of a document that its kind does not have. */
    static Set<String> unknown(JsonNode document) throws IOException, ReflectiveOperationException {
        Set<String> unknown = new TreeSet<>();
        Path list = LISTS.resolve(document.path("kind").asText() + ".txt");
        if (Files.exists(list)) {
            List<String> known = Files.readAllLines(list).stream()
                    .filter(line -> !line.startsWith("#"))
                    .toList();
            listed("", document, known, unknown);
            return unknown;
        }
        Object model = Serialization.unmarshal(document.toString(), KubernetesResource.class);
        if (model instanceof GenericKubernetesResource) {
            unknown.add("kind: there is neither a model nor a list of fields for " + document.path("kind"));
        } else {
            walk(model.getClass().getSimpleName(), model, unknown);
        }
        return unknown;
    }

    private static void listed(String path, JsonNode node, List<String> known, Set<String> unknown) {
        if (known.contains(path + ".*")) {
            return;
        }
        if (node.isArray()) {
            node.forEach(element -> listed(path, element, known, unknown));
        }
        node.properties().forEach(field -> {
            String below = path.isEmpty() ? field.getKey() : path + "." + field.getKey();
            if (known.stream().noneMatch(line -> line.equals(below) || line.startsWith(below + "."))) {
                unknown.add(below);
            } else {
                listed(below, field.getValue(), known, unknown);
            }
        });
    }

    private static void walk(String path, Object value, Set<String> unknown) throws ReflectiveOperationException {
        if (value instanceof Collection<?> elements) {
            for (Object element : elements) {
                walk(path, element, unknown);
            }
        } else if (value instanceof Map<?, ?> entries) {
            for (Object element : entries.values()) {
                walk(path, element, unknown);
            }
        } else if (value != null && value.getClass().getName().startsWith("io.fabric8.") && !(value instanceof Enum)) {
            for (Method getter : value.getClass().getMethods()) {
                if (getter.getName().startsWith("get") && getter.getParameterCount() == 0 && isOfModel(getter)) {
                    below(path + "." + getter.getName().substring(3), getter, value, unknown);
                }
            }
        }
    }

    private static boolean isOfModel(Method getter) {
        return getter.getDeclaringClass().getName().startsWith("io.fabric8.");
    }

    private static void below(String path, Method getter, Object owner, Set<String> unknown)
            throws ReflectiveOperationException {
        Object value;
        try {
            value = getter.invoke(owner);
        } catch (InvocationTargetException e) {
            return; // a computed value, such as a Quantity's, and no field
        }
        if (getter.getName().equals("getAdditionalProperties")) {
            ((Map<?, ?>) value).keySet().forEach(key -> unknown.add(path.replace("AdditionalProperties", "") + key));
        } else {
            walk(path, value, unknown);
        }
    }
}
