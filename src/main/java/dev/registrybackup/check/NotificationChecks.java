package dev.registrybackup.check;

import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.NotificationRule;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.replication.CanaryProbe;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Whether the registry's store tells of what is written. */
final class NotificationChecks {
    /** The name of the first point. */
    static final String NAME = "registry notification";

    private static final List<String> CREATED =
            List.of("ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload");
    private static final String REMEDY =
            "Apply the overlay in knative/overlays for your store, or see docs/operations.md; reconcile brings the rest";

    private final CheckedStore registry;
    private final List<String> keys;

    NotificationChecks(CheckedStore registry) {
        this.registry = registry;
        Digest digest = new Digest(DigestAlgorithm.SHA256, "0".repeat(64));
        this.keys = List.of(
                registry.layout().blobKey(digest),
                registry.layout().repositoriesPrefix() + "ns/app/_manifests/tags/latest/current/link");
    }

    List<Check> run(BucketConfiguration facts) {
        List<Check> points = new ArrayList<>();
        points.add(CheckRunner.fact(
                NAME,
                facts.notificationRules(),
                registry.aws("get-bucket-notification-configuration", "") + "; and try: preflight --canary",
                this::created));
        facts.notificationRules().value().ifPresent(rules -> points.addAll(details(rules)));
        return points;
    }

    private Check created(List<NotificationRule> rules) {
        if (rules.isEmpty()) {
            return Check.fail(NAME, "the bucket has none, so that nothing is copied until reconcile runs", REMEDY);
        }
        String lacking = CREATED.stream()
                .flatMap(event -> keys.stream()
                        .filter(key ->
                                rules.stream().noneMatch(rule -> rule.matchesEvent(event) && rule.matchesKey(key)))
                        .map(key -> event + " of " + key))
                .collect(Collectors.joining(", "));
        return lacking.isEmpty()
                ? Check.pass(
                        NAME,
                        "it tells of created objects: "
                                + rules.stream()
                                        .map(NotificationRule::destination)
                                        .collect(Collectors.joining(", ")))
                : Check.fail(NAME, "it does not tell of " + lacking, REMEDY);
    }

    private static List<Check> details(List<NotificationRule> rules) {
        List<Check> points = new ArrayList<>();
        rules.stream()
                .filter(rule -> rule.matchesEvent("ObjectRemoved:Delete")
                        || rule.matchesEvent("ObjectRemoved:DeleteMarkerCreated"))
                .forEach(rule -> points.add(Check.warn(
                        "notification of removals",
                        "%s is told of removals too, which nothing here needs, and RGW 16 aborts on the removal of several"
                                        .formatted(rule.destination())
                                + " objects at once",
                        "Subscribe to s3:ObjectCreated:* only")));
        String canary = CanaryProbe.REGISTRY_PREFIX + "0".repeat(16);
        if (!rules.isEmpty() && rules.stream().noneMatch(rule -> rule.matchesKey(canary))) {
            points.add(Check.warn(
                    "notification of canaries",
                    "its filters keep " + CanaryProbe.REGISTRY_PREFIX
                            + " back, so that preflight --canary cannot try it",
                    "Let the filter pass that prefix too"));
        }
        return points;
    }
}
