package dev.registrybackup.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.app.config.Configuration.ServiceProperties.ServiceRole;
import dev.registrybackup.manifest.Manifests.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Checks the security context, probes and resources of everything that runs as a pod. */
final class Containers {
    private static final Set<String> ROLES = Stream.of(ServiceRole.values())
            .map(role -> role.name().toLowerCase(Locale.ROOT).replace('_', '-'))
            .collect(Collectors.toSet());

    private Containers() {}

    /** How many documents make pods. */
    static long checked(List<Document> documents) {
        return documents.stream()
                .filter(document -> document.podSpec().has("containers"))
                .count();
    }

    /** Violations, one line each. */
    static List<String> lax(List<Document> documents) {
        List<String> lax = new ArrayList<>();
        for (Document document : documents) {
            JsonNode pod = document.podSpec();
            if (pod.has("containers")) {
                require(
                        pod.path("enableServiceLinks").toString().equals("false"),
                        document + " has service links",
                        lax);
                pod.path("containers").forEach(container -> container(document, container, lax));
            }
        }
        return lax;
    }

    private static void container(Document document, JsonNode container, List<String> lax) {
        JsonNode security = container.path("securityContext");
        require(security.path("runAsNonRoot").asBoolean(), document + " may run as root", lax);
        require(security.path("readOnlyRootFilesystem").asBoolean(), document + " writes its root file system", lax);
        require(
                security.path("allowPrivilegeEscalation").toString().equals("false"),
                document + " may escalate its privileges",
                lax);
        require(
                security.at("/capabilities/drop").toString().equals("[\"ALL\"]")
                        && !security.path("capabilities").has("add"),
                document + " has capabilities",
                lax);
        require(
                security.at("/seccompProfile/type").asText().equals("RuntimeDefault"),
                document + " has no seccomp profile",
                lax);
        for (String resource : List.of("requests/cpu", "requests/memory", "limits/cpu", "limits/memory")) {
            require(container.at("/resources/" + resource).isTextual(), document + " has no " + resource, lax);
        }
        if (document.isService()) {
            service(document, container, lax);
        }
        container.path("env").forEach(variable -> {
            if (variable.path("name").asText().equals("SERVICE_ROLE")) {
                require(ROLES.contains(variable.path("value").asText()), document + " has no such role", lax);
            }
        });
    }

    private static void service(Document document, JsonNode container, List<String> lax) {
        require(container.has("readinessProbe") && container.has("livenessProbe"), document + " has no probe", lax);
        require(
                document.content()
                        .at("/metadata/labels/networking.knative.dev~1visibility")
                        .asText()
                        .equals("cluster-local"),
                document + " can be reached from outside",
                lax);
        require(document.podSpec().has("timeoutSeconds"), document + " has no timeout", lax);
    }

    private static void require(boolean holds, String otherwise, List<String> lax) {
        if (!holds) {
            lax.add(otherwise);
        }
    }
}
