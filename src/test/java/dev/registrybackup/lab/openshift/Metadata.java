package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** What the server writes into {@code metadata} itself. */
final class Metadata {
    private static final List<String> SYSTEM =
            List.of("uid", "creationTimestamp", "resourceVersion", "managedFields", "selfLink");

    private Metadata() {}

    static ObjectNode of(ObjectNode object) {
        return object.path("metadata") instanceof ObjectNode metadata ? metadata : object.putObject("metadata");
    }

    /** KUBE registry/rest/update.go, BeforeUpdate: an update changes none of them. */
    static void keepSystemFields(ObjectNode metadata, ObjectNode old) {
        for (String field : SYSTEM) {
            JsonNode kept = old.get(field);
            if (kept == null) {
                metadata.remove(field);
            } else {
                metadata.set(field, kept.deepCopy());
            }
        }
    }

    /** Says who wrote it last, as an entry of managedFields; which fields is not tracked. */
    static void manage(ObjectNode metadata, String manager, String apiVersion, String time) {
        ArrayNode entries = metadata.putArray("managedFields");
        ObjectNode entry = entries.addObject();
        entry.put("manager", manager).put("operation", "Update").put("apiVersion", apiVersion);
        entry.put("time", time).put("fieldsType", "FieldsV1");
        entry.putObject("fieldsV1").putObject("f:metadata");
    }
}
