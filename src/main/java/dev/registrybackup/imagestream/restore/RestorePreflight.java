package dev.registrybackup.imagestream.restore;

import dev.registrybackup.check.Check;
import dev.registrybackup.check.Check.State;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.restore.ImageStreamMode;
import dev.registrybackup.restore.RestoreRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Looks whether a restore into a cluster may begin; writes nothing. For one call. */
final class RestorePreflight {
    /** What gives the rights that are not a namespace's editor's. */
    static final String GRANT =
            "oc apply -k <your overlay with the component knative/openshift> (its restore-roles.yaml; docs/rights.md)";

    private final Cluster cluster;
    private final RestoreRequest request;
    private final String bucket;
    private final List<Check> points = new ArrayList<>();

    /**
     * For that request.
     *
     * @param bucket the target's
     */
    RestorePreflight(Cluster cluster, RestoreRequest request, String bucket) {
        this.cluster = cluster;
        this.request = request;
        this.bucket = bucket;
    }

    /** Looks at what does not depend on the streams, in a few requests. */
    List<Check> general() {
        if (!cluster.hasImages()) {
            points.add(Check.missing(
                    "image API",
                    "the cluster serves no image.openshift.io: it is no OpenShift, or its openshift-apiserver is down",
                    "oc get clusteroperator openshift-apiserver"));
            return List.copyOf(points);
        }
        points.add(Check.ok("image API", "image.openshift.io is served"));
        RegistryChecks registry = new RegistryChecks(cluster);
        look("image pruner", registry::pruner);
        if (request.scope() instanceof Scope.All && request.target().equals(RestoreRequest.REGISTRY)) {
            look("registry", () -> registry.configuration(bucket));
        }
        return List.copyOf(points);
    }

    /**
     * Looks at everything, for which all that is wanted is read.
     *
     * @param unrestorable what cannot be restored of that
     */
    List<Check> all(DesiredStreams wanted, UnrestorableImageStreams unrestorable) {
        if (general().get(0).state() == State.MISSING) {
            return List.copyOf(points);
        }
        Set<String> namespaces = new TreeSet<>();
        ImageStreamChecks streams = new ImageStreamChecks(cluster);
        RightsChecks rights = new RightsChecks(cluster, request);
        try (Stream<DesiredStream> read = wanted.read(unrestorable)) {
            read.forEach(stream -> unrestorable.attempt(stream.repository(), () -> {
                streams.add(stream);
                rights.add(stream);
                return namespaces.add(stream.stream().namespace());
            }));
        }
        points.addAll(unrestorable.points());
        look("rights", () -> rights.points(namespaces));
        look("namespaces", () -> streams.namespaces(request.createNamespaces()));
        look("limit ranges", streams::limits);
        look("registries allowed", streams::whitelist);
        return List.copyOf(points);
    }

    /**
     * What cannot be looked at is not known to be so. On the way of mappings that is noted where it is for want of rights:
     * an editor of a namespace may not look at the cluster, and what he adds is young, so that no pruner takes it at once.
     */
    private void look(String name, Supplier<List<Check>> at) {
        try {
            points.addAll(at.get());
        } catch (ClusterException e) {
            String found = String.valueOf(e.getMessage());
            if (e.error() != ClusterError.FORBIDDEN) {
                points.add(Check.missing(name, found, "oc get --raw /readyz"));
            } else if (request.imageStreamMode() == ImageStreamMode.MAPPING) {
                points.add(Check.note(name, "it could not be looked at, so look yourself: " + found));
            } else {
                points.add(Check.missing(name, found, GRANT));
            }
        }
    }
}
