package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Which groups and resources are served: KUBE staging/src/k8s.io/apiserver/pkg/endpoints/discovery. Everybody with a token
 * may read it, as the role system:discovery grants.
 */
final class Discovery {
    private Discovery() {}

    /** The document at that path; empty if it is none, which a real server answers with plain text. */
    static Optional<ObjectNode> document(String path, boolean images) {
        if (path.equals("/apis")) {
            ObjectNode list = JsonNodeFactory.instance.objectNode();
            list.put("kind", "APIGroupList").put("apiVersion", "v1");
            ArrayNode groups = list.putArray("groups");
            groups(images).forEach(group -> groups.add(group(group)));
            return Optional.of(list);
        }
        for (String group : groups(images)) {
            if (path.equals("/apis/" + group)) {
                ObjectNode document = JsonNodeFactory.instance.objectNode();
                document.put("kind", "APIGroup").put("apiVersion", "v1");
                return Optional.of(document.setAll(group(group)));
            }
            if (path.equals("/apis/" + group + "/v1")) {
                return Optional.of(resources(group, group + "/v1"));
            }
        }
        return path.equals("/api/v1") ? Optional.of(resources("", "v1")) : Optional.empty();
    }

    /** The groups served; those of OpenShift's API servers and operators are absent from a plain cluster. */
    static List<String> groups(boolean images) {
        List<String> groups = new ArrayList<>(List.of("authorization.k8s.io"));
        if (images) {
            groups.add("config.openshift.io");
            groups.add("image.openshift.io");
            groups.add("imageregistry.operator.openshift.io");
        }
        return groups;
    }

    private static ObjectNode group(String name) {
        ObjectNode group = JsonNodeFactory.instance.objectNode().put("name", name);
        ObjectNode version = JsonNodeFactory.instance.objectNode();
        version.put("groupVersion", name + "/v1").put("version", "v1");
        group.putArray("versions").add(version);
        group.set("preferredVersion", version.deepCopy());
        return group;
    }

    private static ObjectNode resources(String group, String groupVersion) {
        ObjectNode list = JsonNodeFactory.instance.objectNode();
        list.put("kind", "APIResourceList").put("apiVersion", "v1").put("groupVersion", groupVersion);
        ArrayNode resources = list.putArray("resources");
        Arrays.stream(Resource.values())
                .filter(resource -> resource.group.equals(group))
                .forEach(resource ->
                        add(resources, resource.plural, resource.namespaced, resource.kind, verbs(resource)));
        if (group.equals("image.openshift.io")) {
            add(resources, "imagestreams/layers", true, "ImageStreamLayers", List.of("get"));
            add(resources, "imagestreams/status", true, "ImageStream", List.of("get", "patch", "update"));
        }
        if (group.equals("authorization.k8s.io")) {
            add(resources, "selfsubjectaccessreviews", false, "SelfSubjectAccessReview", List.of("create"));
        }
        return list;
    }

    private static List<String> verbs(Resource resource) {
        return resource == Resource.IMAGE_STREAM_MAPPINGS
                ? List.of("create")
                : List.of("create", "delete", "get", "list", "patch", "update", "watch");
    }

    private static void add(ArrayNode resources, String name, boolean namespaced, String kind, List<String> verbs) {
        ObjectNode entry = resources.addObject();
        entry.put("name", name)
                .put("singularName", "")
                .put("namespaced", namespaced)
                .put("kind", kind);
        verbs.forEach(entry.putArray("verbs")::add);
    }
}
