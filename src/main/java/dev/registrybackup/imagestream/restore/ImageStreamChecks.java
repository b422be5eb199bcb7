package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Whether the cluster would take the streams: their namespaces, and what bounds them. For one thread. */
final class ImageStreamChecks {
    private static final int PAGE_SIZE = 100;

    private final Cluster cluster;
    /** By namespace, the greatest number of images and of tags that one of its streams has. */
    private final Map<String, Largest> largest = new TreeMap<>();
    /** The hosts that images come from which are not the cluster's own. */
    private final Set<String> hosts = new TreeSet<>();

    ImageStreamChecks(Cluster cluster) {
        this.cluster = cluster;
    }

    private record Largest(long images, long tags) {
        Largest max(Largest other) {
            return new Largest(Math.max(images, other.images), Math.max(tags, other.tags));
        }
    }

    void add(DesiredStream stream) {
        ImageStream wanted = stream.stream();
        Largest size = new Largest(
                wanted.images().size(), wanted.json().path("spec").path("tags").size());
        largest.merge(wanted.namespace(), size, Largest::max);
        wanted.tags().stream()
                .flatMap(tag -> tag.items().stream())
                .filter(item -> !wanted.isOfOwnRegistry(item))
                .map(item -> item.reference().split("/", 2)[0])
                .forEach(hosts::add);
    }

    /** The namespaces are there, or may be created. */
    List<Check> namespaces(boolean areCreated) {
        List<Check> points = new ArrayList<>();
        for (String namespace : largest.keySet()) {
            String name = "namespace " + namespace;
            if (cluster.find(ObjectName.of(Resource.NAMESPACE, namespace)).isPresent()) {
                points.add(Check.pass(name, "it is there"));
            } else if (areCreated) {
                points.add(Check.pass(name, "it will be created"));
            } else {
                points.add(Check.fail(
                        name,
                        "it is not there",
                        "oc new-project %s (or ask with \"createNamespaces\":true)".formatted(namespace)));
            }
        }
        return points;
    }

    /** openshift-apiserver, {@code pkg/image/apiserver/admission/limitrange}: how many images and tags a stream may have. */
    List<Check> limits() {
        List<Check> points = new ArrayList<>();
        largest.forEach((namespace, size) -> {
            Map<String, Long> bounds = bounds(namespace);
            check(points, namespace, bounds, "openshift.io/images", size.images());
            check(points, namespace, bounds, "openshift.io/image-tags", size.tags());
        });
        return points;
    }

    private Map<String, Long> bounds(String namespace) {
        Map<String, Long> bounds = new HashMap<>();
        Optional<String> next = Optional.empty();
        do {
            Cluster.Page page = cluster.list(Resource.LIMIT_RANGE, namespace, PAGE_SIZE, next);
            for (ObjectNode range : page.items()) {
                for (JsonNode limit : range.path("spec").path("limits")) {
                    if (limit.path("type").asText().equals("openshift.io/ImageStream")) {
                        limit.path("max")
                                .properties()
                                .forEach(max -> bounds.merge(
                                        max.getKey(), max.getValue().asLong(Long.MAX_VALUE), Math::min));
                    }
                }
            }
            next = page.next();
        } while (next.isPresent());
        return bounds;
    }

    private static void check(
            List<Check> points, String namespace, Map<String, Long> bounds, String what, long needed) {
        long bound = bounds.getOrDefault(what, Long.MAX_VALUE);
        if (needed > bound) {
            points.add(Check.fail(
                    "limit range of " + namespace,
                    "a stream of %d %s is to be restored, and it allows %d".formatted(needed, what, bound),
                    "oc edit limitrange -n " + namespace));
        } else if (bound < Long.MAX_VALUE) {
            points.add(Check.pass(
                    "limit range of " + namespace, "%d %s of %d allowed are needed".formatted(needed, what, bound)));
        }
    }

    /** openshift-apiserver, {@code pkg/image/apis/image/validation/whitelist}: from where images may be imported. */
    List<Check> whitelist() {
        JsonNode allowed = cluster.find(ObjectName.of(Resource.IMAGE_POLICY, ObjectName.CLUSTER))
                .<JsonNode>map(policy -> policy.path("spec").path("allowedRegistriesForImport"))
                .orElse(null);
        if (allowed == null || allowed.isEmpty() || hosts.isEmpty()) {
            return List.of(Check.pass("registries allowed", "nothing is refused"));
        }
        List<String> refused =
                hosts.stream().filter(host -> !isAllowed(host, allowed)).toList();
        return List.of(
                refused.isEmpty()
                        ? Check.pass("registries allowed", "all that images come from")
                        : Check.fail(
                                "registries allowed",
                                "images come from %s, which spec.allowedRegistriesForImport does not list"
                                        .formatted(refused),
                                "oc edit image.config.openshift.io/cluster"));
    }

    private static boolean isAllowed(String host, JsonNode allowed) {
        String name = host.replaceAll(":[0-9]+$", "");
        for (JsonNode location : allowed) {
            String domain = location.path("domainName").asText();
            String pattern = domain.replaceAll(":[0-9*]+$", "");
            if (pattern.equals("*")
                    || pattern.equals(name)
                    || (pattern.startsWith("*.") && name.endsWith(pattern.substring(1)))) {
                return true;
            }
        }
        return false;
    }
}
