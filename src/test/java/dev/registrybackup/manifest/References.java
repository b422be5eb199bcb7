package dev.registrybackup.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.manifest.Manifests.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Finds references to objects that do not exist. */
final class References {
    /** Objects that come from Kubernetes, Knative or users. */
    private static final Set<String> GIVEN = Set.of(
            "ConfigMap/store-ca",
            "ConfigMap/kafka-broker-config",
            "ClusterRole/system:auth-delegator",
            "ClusterRole/edit",
            "ConfigMap/image-registry-backup",
            "Secret/image-registry-backup",
            "Secret/target-credentials",
            "Secret/target-write-credentials");

    private References() {}

    /**
     * The references of documents to objects that are in none of all, each with where it is.
     *
     * @param all where Secrets are looked for as well, since examples of them are rendered nowhere
     */
    static List<String> dangling(List<Document> documents, List<Document> all) {
        List<String> dangling = new ArrayList<>();
        for (Document document : documents) {
            for (String reference : references(document)) {
                boolean example =
                        reference.startsWith("Secret/") || document.origin().contains("standby");
                List<Document> there = example ? all : documents;
                // Rook writes these for its users.
                boolean given = GIVEN.contains(reference) || reference.startsWith("Secret/rook-ceph-object-user-");
                if (!given && there.stream().noneMatch(one -> isThere(one, reference))) {
                    dangling.add(document + " names " + reference);
                }
            }
        }
        return dangling;
    }

    private static boolean isThere(Document document, String reference) {
        return (document.kind() + "/" + document.name()).equals(reference)
                || document.generatedSecrets().stream().anyMatch(name -> reference.equals("Secret/" + name));
    }

    private static List<String> references(Document document) {
        List<String> references = new ArrayList<>();
        JsonNode pod = document.podSpec();
        add(references, "ServiceAccount", pod.path("serviceAccountName"));
        for (JsonNode container : pod.path("containers")) {
            container.path("env").forEach(variable -> {
                add(references, "ConfigMap", variable.at("/valueFrom/configMapKeyRef/name"));
                add(references, "Secret", variable.at("/valueFrom/secretKeyRef/name"));
            });
            container.path("envFrom").forEach(from -> {
                add(references, "ConfigMap", from.at("/configMapRef/name"));
                add(references, "Secret", from.at("/secretRef/name"));
            });
        }
        pod.path("volumes").forEach(volume -> add(references, "ConfigMap", volume.at("/configMap/name")));
        JsonNode spec = document.content().path("spec");
        add(references, "ServiceAccount", spec.path("serviceAccountName"));
        add(references, "Broker", spec.path("broker"));
        add(references, "Secret", spec.at("/aws/auth/secret/ref/name"));
        add(references, "CephBucketTopic", spec.path("topic"));
        for (String place : List.of("/sink/ref", "/subscriber/ref", "/delivery/deadLetterSink/ref")) {
            add(references, spec.at(place + "/kind").asText(), spec.at(place + "/name"));
        }
        rights(document, references);
        return references;
    }

    private static void rights(Document document, List<String> references) {
        JsonNode role = document.content().path("roleRef");
        add(references, role.path("kind").asText(), role.path("name"));
        document.content()
                .path("subjects")
                .forEach(subject -> add(references, subject.path("kind").asText(), subject.path("name")));
        document.content().path("rules").forEach(rule -> {
            if (rule.path("resources").toString().equals("[\"cronjobs\"]")) {
                rule.path("resourceNames").forEach(name -> add(references, "CronJob", name));
            }
        });
    }

    private static void add(List<String> references, String kind, JsonNode name) {
        if (name.isTextual()) {
            references.add(kind + "/" + name.asText());
        }
    }
}
