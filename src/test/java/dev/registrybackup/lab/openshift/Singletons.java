package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The three objects named "cluster" as an installed cluster has them. */
final class Singletons {
    private Singletons() {}

    private static ObjectNode cluster() {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.putObject("metadata").put("name", OpenShiftApi.CLUSTER).put("generation", 1);
        return object;
    }

    /** Cluster-image-registry-operator pkg/operator/bootstrap.go, and section 2.3 of this project's facts on registries. */
    static ObjectNode registryConfig() {
        ObjectNode config = cluster();
        ObjectNode spec = config.putObject("spec");
        spec.put("managementState", "Managed").put("replicas", 2).put("rolloutStrategy", "RollingUpdate");
        spec.put("logLevel", "Normal").put("readOnly", false);
        ObjectNode storage = spec.putObject("storage").put("managementState", "Managed");
        storage.putObject("s3").put("bucket", "registry").put("region", "lab");
        config.putObject("status").set("storage", storage.deepCopy());
        return config;
    }

    /** Cluster-image-registry-operator pkg/operator/bootstrap.go and pkg/resource/prunercronjob.go. */
    static ObjectNode imagePruner() {
        ObjectNode pruner = cluster();
        pruner.putObject("spec")
                .put("schedule", "")
                .put("suspend", false)
                .put("keepTagRevisions", 3)
                .put("failedJobsHistoryLimit", 3)
                .put("successfulJobsHistoryLimit", 3)
                .put("ignoreInvalidImageReferences", true);
        return pruner;
    }

    static ObjectNode imageSettings() {
        ObjectNode settings = cluster();
        settings.putObject("spec");
        settings.putObject("status").put("internalRegistryHostname", OpenShiftApi.INTERNAL_REGISTRY);
        return settings;
    }
}
