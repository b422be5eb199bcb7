package dev.registrybackup.metadata;

import dev.registrybackup.inventory.Scope;
import dev.registrybackup.openshift.Cluster;
import dev.registrybackup.openshift.ClusterError;
import dev.registrybackup.openshift.ClusterException;
import dev.registrybackup.point.Point;
import dev.registrybackup.point.Point.State;
import dev.registrybackup.restore.Metadata;
import dev.registrybackup.restore.RestoreRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Looks whether a restore into a cluster may begin; writes nothing. For one call. */
final class Preflight {
    /** What gives the rights that are not a namespace's editor's. */
    static final String GRANT =
            "oc apply -k <your overlay with the component knative/openshift> (its restore-roles.yaml; docs/rights.md)";

    private final Cluster cluster;
    private final RestoreRequest request;
    private final String bucket;
    private final List<Point> points = new ArrayList<>();

    /**
     * For that request.
     *
     * @param bucket the target's
     */
    Preflight(Cluster cluster, RestoreRequest request, String bucket) {
        this.cluster = cluster;
        this.request = request;
        this.bucket = bucket;
    }

    /** Looks at what does not depend on the streams, in a few requests. */
    List<Point> general() {
        if (!cluster.hasImages()) {
            points.add(Point.missing(
                    "image API",
                    "the cluster serves no image.openshift.io: it is no OpenShift, or its openshift-apiserver is down",
                    "oc get clusteroperator openshift-apiserver"));
            return List.copyOf(points);
        }
        points.add(Point.ok("image API", "image.openshift.io is served"));
        RegistryPoints registry = new RegistryPoints(cluster);
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
    List<Point> all(WantedStreams wanted, UnrestorableStreams unrestorable) {
        if (general().get(0).state() == State.MISSING) {
            return List.copyOf(points);
        }
        Set<String> namespaces = new TreeSet<>();
        StreamPoints streams = new StreamPoints(cluster);
        RightPoints rights = new RightPoints(cluster, request);
        try (Stream<WantedStream> read = wanted.read(unrestorable)) {
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
    private void look(String name, Supplier<List<Point>> at) {
        try {
            points.addAll(at.get());
        } catch (ClusterException e) {
            String found = String.valueOf(e.getMessage());
            if (e.error() != ClusterError.FORBIDDEN) {
                points.add(Point.missing(name, found, "oc get --raw /readyz"));
            } else if (request.metadata() == Metadata.MAPPING) {
                points.add(Point.note(name, "it could not be looked at, so look yourself: " + found));
            } else {
                points.add(Point.missing(name, found, GRANT));
            }
        }
    }
}
