package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which registries references may name: OAS pkg/image/apis/image/validation/whitelist/whitelister.go.
 *
 * <p>Taken from {@code spec.allowedRegistriesForImport} of images.config.openshift.io/cluster; an empty list allows all,
 * and the internal registry is always allowed. Insecure registries are not simulated: the port that is left out is 443.
 */
final class AllowedRegistries {
    private static final int SHOWN = 5;
    private static final Set<String> DOCKER_HUB = Set.of("docker.io", "index.docker.io", "registry-1.docker.io");

    private final boolean all;
    private final List<String> hosts = new ArrayList<>();
    private final Set<String> repositories = new HashSet<>();

    AllowedRegistries(JsonNode settings) {
        JsonNode allowed = settings.at("/spec/allowedRegistriesForImport");
        all = allowed.isEmpty();
        add(OpenShiftApi.INTERNAL_REGISTRY);
        allowed.forEach(entry -> add(entry.path("domainName").asText()));
    }

    private void add(String domain) {
        String host = domain.contains(":") ? domain : domain + ":443";
        if (!hosts.contains(host)) {
            hosts.add(host);
        }
    }

    /** Also allows the repository of this reference: WhitelistRepository, for what a stream holds already. */
    void addRepositoryOf(String reference) {
        try {
            repositories.add(ImageReference.parse(reference).repository());
        } catch (IllegalArgumentException malformed) {
            // What is stored and cannot be read allows nothing; ValidateImageStreamUpdateWithWhitelister goes on too.
            return;
        }
    }

    /** Why the reference is not allowed, or nothing: AdmitDockerImageReference. */
    Optional<String> refusalOf(ImageReference reference) {
        if (all || repositories.contains(reference.repository())) {
            return Optional.empty();
        }
        String registry = reference.registry().isEmpty() ? "docker.io" : reference.registry();
        String host = registry.contains(":") ? registry : registry + ":443";
        boolean hub = DOCKER_HUB.contains(registry);
        if (matches(host) || (hub && (matches("docker.io:443") || matches("registry-1.docker.io:443")))) {
            return Optional.empty();
        }
        // A reference without a host is named by Docker Hub's second one with its port, one with a host as it stands.
        String named = reference.registry().isEmpty() ? "registry-1.docker.io:443" : registry;
        return Optional.of("registry \"%s\" not allowed by whitelist: %s".formatted(named, shown()));
    }

    private boolean matches(String host) {
        return hosts.stream()
                .anyMatch(pattern -> host.matches(
                        pattern.replace(".", "\\.").replace("?", ".").replace("*", ".*")));
    }

    private String shown() {
        if (hosts.size() <= SHOWN) {
            return quoted(hosts);
        }
        return "%s, and %d more ...".formatted(quoted(hosts.subList(0, SHOWN - 1)), hosts.size() - SHOWN + 1);
    }

    private static String quoted(List<String> names) {
        return names.stream().map(name -> "\"" + name + "\"").collect(Collectors.joining(", "));
    }
}
