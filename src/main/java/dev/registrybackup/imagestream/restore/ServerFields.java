package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/** Objects as another cluster may be given them. */
final class ServerFields {
    /** What the server sets: Kubernetes {@code apimachinery/pkg/apis/meta/v1/types.go}, {@code ObjectMeta}. */
    private static final List<String> NAMES = List.of(
            "uid",
            "resourceVersion",
            "creationTimestamp",
            "generation",
            "managedFields",
            "selfLink",
            "ownerReferences",
            "deletionTimestamp",
            "deletionGracePeriodSeconds");

    private ServerFields() {}

    /** A copy without what the server sets. */
    static ObjectNode strip(ObjectNode object) {
        ObjectNode cleaned = object.deepCopy();
        if (cleaned.path("metadata") instanceof ObjectNode metadata) {
            metadata.remove(NAMES);
        }
        return cleaned;
    }
}
