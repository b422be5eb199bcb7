package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.check.Check;
import dev.registrybackup.check.Check.State;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.restore.ImageStreamMode;
import dev.registrybackup.restore.RestoreRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Checks whether a restore into a cluster can run; writes nothing. For one call. */
final class RestorePreflight {
    private static final int PAGE_SIZE = 100;
    private static final int MAX_LISTED = 20;
    private static final String GRANT_CLUSTER =
            "oc apply -k <your overlay with the component knative/openshift> (its restore-roles.yaml; docs/rights.md)";
    private static final String GRANT_EDIT =
            "oc adm policy add-role-to-user edit system:serviceaccount:registry-backup:restore-job -n ";

    private static final String PATCH = "oc patch %s/cluster --type=merge -p '%s'";

    private final Cluster cluster;
    private final RestoreRequest request;
    private final String bucket;
    private final boolean isByMapping;
    private final List<Check> checks = new ArrayList<>();

    // Collected from the streams.
    /** By namespace, the largest number of images and of spec tags that one of its streams has. */
    private final Map<String, StreamSize> largest = new TreeMap<>();
    /** The registries that images come from, except the cluster's own. */
    private final Set<String> hosts = new TreeSet<>();
    /** The first tags that point to an index, and how many there are. */
    private final List<String> indexes = new ArrayList<>();

    private long indexCount;

    private record StreamSize(long images, long tags) {
        StreamSize max(StreamSize other) {
            return new StreamSize(Math.max(images, other.images), Math.max(tags, other.tags));
        }
    }

    /**
     * A preflight of this request.
     *
     * @param bucket the target's bucket
     */
    RestorePreflight(Cluster cluster, RestoreRequest request, String bucket) {
        this.cluster = cluster;
        this.request = request;
        this.bucket = bucket;
        this.isByMapping = request.imageStreamMode() == ImageStreamMode.MAPPING;
    }

    /** Whether the caller may create Images, without which mapping restores no children of indexes. */
    static boolean mayCreateImages(Cluster cluster) {
        return cluster.canI("create", Resource.IMAGE, Optional.empty(), Optional.empty());
    }

    /** Checks what does not depend on the streams, with a few requests. */
    List<Check> general() {
        if (!cluster.hasImages()) {
            checks.add(Check.fail(
                    "image API",
                    "the cluster does not serve image.openshift.io: it is not OpenShift, or its openshift-apiserver is"
                            + " down",
                    "oc get clusteroperator openshift-apiserver"));
            return checks;
        }
        checks.add(Check.pass("image API", "image.openshift.io is served"));
        run("image pruner", this::checkPruner);
        if (request.scope() instanceof Scope.All && request.target().equals(RestoreRequest.REGISTRY)) {
            run("registry", this::checkRegistry);
        }
        return checks;
    }

    /**
     * Checks everything, for which it reads all streams.
     *
     * @param wanted leaves out the streams that turn out not to be restorable
     */
    List<Check> all(DesiredStreams wanted) {
        if (general().get(0).state() == State.FAIL) {
            return checks;
        }
        wanted.forEach(this::collect);
        wanted.check().ifPresent(checks::add);
        run("rights", this::checkRights);
        run("namespaces", this::checkNamespaces);
        run("limit ranges", this::checkLimitRanges);
        run("registries allowed", this::checkAllowedRegistries);
        return checks;
    }

    /**
     * Runs a check that asks the cluster. If the cluster does not answer, the check fails. By mapping a missing right to look
     * is a warning only: an editor of a namespace may not look at the cluster's configuration, and images that mapping
     * adds are too young for the pruner.
     */
    private void run(String name, Runnable check) {
        try {
            check.run();
        } catch (ClusterException e) {
            String found = String.valueOf(e.getMessage());
            if (e.error() != ClusterError.FORBIDDEN) {
                checks.add(Check.fail(name, found, "oc get --raw /readyz"));
            } else if (isByMapping) {
                checks.add(Check.warn(name, "it could not be checked, so check it yourself: " + found));
            } else {
                checks.add(Check.fail(name, found, GRANT_CLUSTER));
            }
        }
    }

    private void collect(DesiredStream stream) {
        ImageStream wanted = stream.stream();
        if (isByMapping) {
            for (TagHistory tag : wanted.tags()) {
                Optional<Digest> current = tag.current().map(Item::image);
                if (current.isPresent() && !stream.children(current.get()).isEmpty()) {
                    indexCount++;
                    if (indexes.size() < MAX_LISTED) {
                        indexes.add(stream.repository() + ":" + tag.tag());
                    }
                }
            }
        }
        StreamSize size = new StreamSize(
                wanted.images().size(), wanted.json().path("spec").path("tags").size());
        largest.merge(wanted.namespace(), size, StreamSize::max);
        wanted.items()
                .filter(item -> !wanted.isOfOwnRegistry(item))
                .map(item -> item.reference().split("/", 2)[0])
                .forEach(hosts::add);
    }

    /** The pruner deletes items whose Image is missing: openshift/oc, {@code imageprune/prune.go}. */
    private void checkPruner() {
        Optional<ObjectNode> pruner = cluster.find(ObjectName.of(Resource.IMAGE_PRUNER, ObjectName.CLUSTER));
        checks.add(Check.passIf(
                pruner.isEmpty() || pruner.get().path("spec").path("suspend").asBoolean(),
                "image pruner",
                pruner.isEmpty() ? "there is none" : "it is suspended",
                "it is not suspended, and deletes items of tags while their Images are missing",
                PATCH.formatted("imagepruner.imageregistry.operator.openshift.io", "{\"spec\":{\"suspend\":true}}")));
    }

    /** The operator empties a bucket that it manages when the registry is removed; pushes go on meanwhile. */
    private void checkRegistry() {
        Optional<ObjectNode> config = cluster.find(ObjectName.of(Resource.REGISTRY_CONFIG, ObjectName.CLUSTER));
        if (config.isEmpty()) {
            checks.add(Check.pass("registry", "no operator manages it"));
            return;
        }
        JsonNode spec = config.get().path("spec");
        String state = spec.path("storage").path("managementState").asText();
        checks.add(Check.passIf(
                state.equals("Unmanaged"),
                "registry storage",
                "it is Unmanaged",
                "its managementState is \"%s\", so the operator may empty or replace the bucket".formatted(state),
                patchRegistry("{\"spec\":{\"storage\":{\"managementState\":\"Unmanaged\"}}}")));
        String used = spec.path("storage").path("s3").path("bucket").asText();
        checks.add(Check.passIf(
                used.equals(bucket),
                "registry bucket",
                "it is " + bucket,
                "the registry uses \"%s\", and the target is %s".formatted(used, bucket),
                patchRegistry("{\"spec\":{\"storage\":{\"s3\":{\"bucket\":\"%s\"}}}}".formatted(bucket))));
        checks.add(Check.passIf(
                spec.path("readOnly").asBoolean(),
                "registry read-only",
                "it is",
                "it accepts pushes while everything is restored",
                patchRegistry("{\"spec\":{\"readOnly\":true}}")));
    }

    private static String patchRegistry(String json) {
        return PATCH.formatted("configs.imageregistry.operator.openshift.io", json);
    }

    private void checkRights() {
        if (isByMapping) {
            if (indexCount > 0 && !mayCreateImages(cluster)) {
                checks.add(Check.warn(
                        "multi-architecture tags",
                        "%d cannot be restored by mapping without the right to create Images: %s"
                                .formatted(indexCount, indexes)));
            }
        } else {
            checkRight("create", Resource.IMAGE, "");
        }
        checkRight("get", Resource.IMAGE_STREAM, "");
        checkRight("create", Resource.IMAGE_STREAM, "");
        checkRight("update", Resource.IMAGE_STREAM, "");
        checkRight("get", Resource.IMAGE_STREAM, "layers");
        if (isByMapping) {
            checkRight("create", Resource.IMAGE_STREAM_MAPPING, "");
        } else {
            checkRight("update", Resource.IMAGE_STREAM, "status");
        }
        if (request.createNamespaces()) {
            checkRight("create", Resource.NAMESPACE, "");
        }
    }

    /** Asks for all namespaces at once; if that is not granted, for each namespace. */
    private void checkRight(String verb, Resource resource, String part) {
        String right = "right to %s %s%s%s"
                .formatted(
                        verb,
                        resource.plural(),
                        resource.group().isEmpty() ? "" : "." + resource.group(),
                        part.isEmpty() ? "" : "/" + part);
        Optional<String> subresource = Optional.of(part).filter(name -> !name.isEmpty());
        if (cluster.canI(verb, resource, subresource, Optional.empty())) {
            checks.add(Check.pass(right, "granted"));
        } else if (!resource.isNamespaced()) {
            checks.add(Check.fail(right, "not granted", GRANT_CLUSTER));
        } else {
            for (String namespace : largest.keySet()) {
                String inNamespace = right + " in " + namespace;
                checks.add(Check.passIf(
                        cluster.canI(verb, resource, subresource, Optional.of(namespace)),
                        inNamespace,
                        "granted",
                        "not granted",
                        isByMapping ? GRANT_EDIT + namespace : GRANT_CLUSTER));
            }
        }
    }

    private void checkNamespaces() {
        for (String namespace : largest.keySet()) {
            boolean exists =
                    cluster.find(ObjectName.of(Resource.NAMESPACE, namespace)).isPresent();
            checks.add(Check.passIf(
                    exists || request.createNamespaces(),
                    "namespace " + namespace,
                    exists ? "it exists" : "it will be created",
                    "it does not exist",
                    "oc new-project %s (or ask with \"createNamespaces\":true)".formatted(namespace)));
        }
    }

    /** How many images and tags a stream may have: openshift-apiserver, {@code pkg/image/apiserver/admission/limitrange}. */
    private void checkLimitRanges() {
        largest.forEach((namespace, size) -> {
            Map<String, Long> limits = limits(namespace);
            checkLimit(namespace, limits, "openshift.io/images", size.images());
            checkLimit(namespace, limits, "openshift.io/image-tags", size.tags());
        });
    }

    private Map<String, Long> limits(String namespace) {
        Map<String, Long> limits = new HashMap<>();
        cluster.forEach(Resource.LIMIT_RANGE, Optional.of(namespace), PAGE_SIZE, range -> {
            for (JsonNode limit : range.path("spec").path("limits")) {
                if (limit.path("type").asText().equals("openshift.io/ImageStream")) {
                    limit.path("max")
                            .properties()
                            .forEach(max ->
                                    limits.merge(max.getKey(), max.getValue().asLong(Long.MAX_VALUE), Math::min));
                }
            }
        });
        return limits;
    }

    private void checkLimit(String namespace, Map<String, Long> limits, String what, long needed) {
        Long limit = limits.get(what);
        if (limit == null) {
            return;
        }
        String found = "a stream with %d %s is to be restored, and %d are allowed".formatted(needed, what, limit);
        checks.add(Check.passIf(
                needed <= limit, "limit range of " + namespace, found, found, "oc edit limitrange -n " + namespace));
    }

    /** From where images may be imported: openshift-apiserver, {@code pkg/image/apis/image/validation/whitelist}. */
    private void checkAllowedRegistries() {
        JsonNode allowed = cluster.find(ObjectName.of(Resource.IMAGE_POLICY, ObjectName.CLUSTER))
                .map(policy -> policy.path("spec").path("allowedRegistriesForImport"))
                .orElseGet(MissingNode::getInstance);
        List<String> refused = allowed.isEmpty()
                ? List.of()
                : hosts.stream().filter(host -> !isAllowed(host, allowed)).toList();
        checks.add(Check.passIf(
                refused.isEmpty(),
                "registries allowed",
                "all that images come from",
                "images come from %s, which spec.allowedRegistriesForImport does not list".formatted(refused),
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
