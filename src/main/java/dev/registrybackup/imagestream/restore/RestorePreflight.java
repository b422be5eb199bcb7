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
    private final List<Check> checks = new ArrayList<>();

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
            checks.add(Check.fail(
                    "image API",
                    "the cluster serves no image.openshift.io: it is no OpenShift, or its openshift-apiserver is down",
                    "oc get clusteroperator openshift-apiserver"));
            return List.copyOf(checks);
        }
        checks.add(Check.pass("image API", "image.openshift.io is served"));
        RegistryChecks registry = new RegistryChecks(cluster);
        run("image pruner", registry::pruner);
        if (request.scope() instanceof Scope.All && request.target().equals(RestoreRequest.REGISTRY)) {
            run("registry", () -> registry.configuration(bucket));
        }
        return List.copyOf(checks);
    }

    /**
     * Looks at everything, for which all that is wanted is read.
     *
     * @param unrestorable what cannot be restored of that
     */
    List<Check> all(DesiredStreams wanted, UnrestorableImageStreams unrestorable) {
        if (general().get(0).state() == State.FAIL) {
            return List.copyOf(checks);
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
        checks.addAll(unrestorable.points());
        run("rights", () -> rights.checks(namespaces));
        run("namespaces", () -> streams.namespaces(request.createNamespaces()));
        run("limit ranges", streams::limits);
        run("registries allowed", streams::whitelist);
        return List.copyOf(checks);
    }

    /**
     * What cannot be looked at is not known to be so. On the way of mappings that is noted where it is for want of rights:
     * an editor of a namespace may not look at the cluster, and what he adds is young, so that no pruner takes it at once.
     */
    private void run(String name, Supplier<List<Check>> at) {
        try {
            checks.addAll(at.get());
        } catch (ClusterException e) {
            String found = String.valueOf(e.getMessage());
            if (e.error() != ClusterError.FORBIDDEN) {
                checks.add(Check.fail(name, found, "oc get --raw /readyz"));
            } else if (request.imageStreamMode() == ImageStreamMode.MAPPING) {
                checks.add(Check.warn(name, "it could not be looked at, so look yourself: " + found));
            } else {
                checks.add(Check.fail(name, found, GRANT));
            }
        }
    }
}
