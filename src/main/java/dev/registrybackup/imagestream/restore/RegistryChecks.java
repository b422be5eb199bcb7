package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import java.util.List;
import java.util.Optional;

/** Whether the registry and its operator leave alone what is restored. */
record RegistryChecks(Cluster cluster) {
    private static final String PATCH = "oc patch %s/cluster --type=merge -p '%s'";

    /** The pruner deletes items whose Image is not there yet: openshift/oc, {@code imageprune/prune.go}. */
    List<Check> pruner() {
        Optional<ObjectNode> pruner = cluster.find(ObjectName.of(Resource.IMAGE_PRUNER, ObjectName.CLUSTER));
        if (pruner.isEmpty()) {
            return List.of(Check.pass("image pruner", "there is none"));
        }
        if (pruner.get().path("spec").path("suspend").asBoolean()) {
            return List.of(Check.pass("image pruner", "it is suspended"));
        }
        return List.of(Check.fail(
                "image pruner",
                "it is not suspended, and deletes items of tags while their Images are not back",
                PATCH.formatted("imagepruner.imageregistry.operator.openshift.io", "{\"spec\":{\"suspend\":true}}")));
    }

    /** A bucket that the operator manages is emptied when the registry is removed, and written to meanwhile. */
    List<Check> configuration(String bucket) {
        Optional<ObjectNode> config = cluster.find(ObjectName.of(Resource.REGISTRY_CONFIG, ObjectName.CLUSTER));
        if (config.isEmpty()) {
            return List.of(Check.pass("registry", "no operator manages it"));
        }
        JsonNode spec = config.get().path("spec");
        return List.of(storage(spec), bucket(spec, bucket), readOnly(spec));
    }

    private static Check storage(JsonNode spec) {
        String managed = spec.path("storage").path("managementState").asText();
        return managed.equals("Unmanaged")
                ? Check.pass("registry storage", "it is Unmanaged")
                : Check.fail(
                        "registry storage",
                        "its managementState is \"%s\", so that the operator may empty or replace the bucket"
                                .formatted(managed),
                        patch("{\"spec\":{\"storage\":{\"managementState\":\"Unmanaged\"}}}"));
    }

    private static Check bucket(JsonNode spec, String bucket) {
        String named = spec.path("storage").path("s3").path("bucket").asText();
        return named.equals(bucket)
                ? Check.pass("registry bucket", "it is " + bucket)
                : Check.fail(
                        "registry bucket",
                        "the registry uses \"%s\", and the restore would go into %s".formatted(named, bucket),
                        patch("{\"spec\":{\"storage\":{\"s3\":{\"bucket\":\"" + bucket + "\"}}}}"));
    }

    private static Check readOnly(JsonNode spec) {
        return spec.path("readOnly").asBoolean()
                ? Check.pass("registry read-only", "it is")
                : Check.fail(
                        "registry read-only",
                        "it takes pushes while everything is restored",
                        patch("{\"spec\":{\"readOnly\":true}}"));
    }

    private static String patch(String json) {
        return PATCH.formatted("configs.imageregistry.operator.openshift.io", json);
    }
}
