package dev.registrybackup.check;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Checks whether the account of this process has the rights in the cluster that its role needs.
 *
 * @param ofCaptures the same cluster, asked about the account that captures in a reconciliation; may throw {@link
 *     ClusterException}
 * @param namespace the namespace of Jobs
 * @param cronJobs the templates that Jobs are made from; none where operations run in this process
 * @param authorizesCallers whether it asks the cluster who calls and what they may do
 * @param isOpenShift whether ImageStreams are captured
 */
public record ClusterChecks(
        Cluster cluster,
        Supplier<Cluster> ofCaptures,
        String namespace,
        List<String> cronJobs,
        boolean authorizesCallers,
        boolean isOpenShift) {
    private static final String GRANT = "kubectl apply -k <your overlay> (its roles; docs/rights.md)";

    List<Check> run() {
        List<Check> checks = new ArrayList<>();
        checks.add(kind());
        if (!cronJobs.isEmpty()) {
            checks.add(right(() -> cluster, Resource.JOB, List.of("get", "create", "delete"), Optional.of(namespace)));
            cronJobs.forEach(name -> checks.add(template(name)));
        }
        if (authorizesCallers) {
            checks.add(right(() -> cluster, Resource.TOKEN_REVIEW, List.of("create"), Optional.empty()));
            checks.add(right(() -> cluster, Resource.SUBJECT_REVIEW, List.of("create"), Optional.empty()));
        }
        if (isOpenShift) {
            checks.add(right(ofCaptures, Resource.IMAGE_STREAM, List.of("get", "list"), Optional.empty()));
            checks.add(right(ofCaptures, Resource.IMAGE, List.of("get", "list"), Optional.empty()));
        }
        return checks;
    }

    /** OpenShift's registry has its tags in ImageStreams only, so with the wrong kind they are silently not backed up. */
    private Check kind() {
        String name = "registry.kind";
        return Check.withCluster(name, () -> {
            if (cluster.hasImages() == isOpenShift) {
                return Check.pass(
                        name, isOpenShift ? "the cluster serves ImageStreams" : "the cluster is not OpenShift");
            }
            return isOpenShift
                    ? Check.fail(
                            name,
                            "it is openshift, but the cluster does not serve image.openshift.io: no ImageStream is"
                                    + " captured",
                            "Run this on the cluster whose registry it is, or set registry.kind=plain")
                    : Check.fail(
                            name,
                            "it is plain, but the cluster serves image.openshift.io: its registry keeps tags in"
                                    + " ImageStreams, which are not captured",
                            "Set registry.kind=openshift and apply knative/openshift");
        });
    }

    private static Check right(
            Supplier<Cluster> account, Resource resource, List<String> verbs, Optional<String> namespace) {
        String name = "right to " + resource.plural() + "." + resource.group()
                + namespace.map(each -> " in " + each).orElse("");
        return Check.withCluster(name, () -> {
            Cluster cluster = account.get();
            String missing = verbs.stream()
                    .filter(verb -> !cluster.canI(verb, resource, Optional.empty(), namespace))
                    .collect(Collectors.joining(", "));
            return missing.isEmpty()
                    ? Check.pass(name, "granted: " + String.join(", ", verbs))
                    : Check.fail(name, "not granted: " + missing, GRANT);
        });
    }

    private Check template(String cronJob) {
        String name = "CronJob " + cronJob;
        return Check.withCluster(name, () -> {
            try {
                return cluster.find(new ObjectName(Resource.CRON_JOB, Optional.of(namespace), cronJob))
                        .map(found -> template(name, cronJob, found))
                        .orElseGet(() -> Check.fail(
                                name,
                                "the namespace %s has none to create Jobs from".formatted(namespace),
                                "kubectl apply -k <your overlay>"));
            } catch (ClusterException e) {
                if (e.error() == ClusterError.FORBIDDEN) {
                    return Check.fail(name, String.valueOf(e.getMessage()), GRANT);
                }
                throw e;
            }
        });
    }

    private Check template(String name, String cronJob, ObjectNode found) {
        return Check.passIf(
                found.path("spec").path("suspend").asBoolean(),
                name,
                "it exists and is suspended, as it must be",
                "it is not suspended: it starts Jobs that nobody requested",
                "kubectl patch cronjob %s -n %s -p '{\"spec\":{\"suspend\":true}}'".formatted(cronJob, namespace));
    }
}
