package dev.registrybackup.check;

import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.NotificationRule;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.replication.CanaryProbe;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Checks whether the registry's store notifies of every object that is written. */
final class NotificationChecks {
    static final String NAME = "registry notification";

    private static final List<String> CREATED =
            List.of("ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload");
    private static final String REMEDY =
            "Apply the overlay in knative/overlays for your store, or see docs/operations.md; reconcile copies the"
                    + " rest";

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
        List<Check> checks = new ArrayList<>();
        checks.add(Check.fact(
                NAME,
                facts.notificationRules(),
                registry.aws("get-bucket-notification-configuration", "") + "; and try: preflight --canary",
                this::created));
        facts.notificationRules().value().ifPresent(rules -> checks.addAll(details(rules)));
        return checks;
    }

    private Check created(List<NotificationRule> rules) {
        if (rules.isEmpty()) {
            return Check.fail(NAME, "the bucket has none, so nothing is copied until reconcile runs", REMEDY);
        }
        String missing = CREATED.stream()
                .flatMap(event -> keys.stream()
                        .filter(key ->
                                rules.stream().noneMatch(rule -> rule.matchesEvent(event) && rule.matchesKey(key)))
                        .map(key -> event + " of " + key))
                .collect(Collectors.joining(", "));
        return missing.isEmpty()
                ? Check.pass(
                        NAME,
                        "it notifies of created objects: "
                                + rules.stream()
                                        .map(NotificationRule::destination)
                                        .collect(Collectors.joining(", ")))
                : Check.fail(NAME, "it does not notify of " + missing, REMEDY);
    }

    private static List<Check> details(List<NotificationRule> rules) {
        List<Check> checks = new ArrayList<>();
        rules.stream()
                .filter(rule -> rule.matchesEvent("ObjectRemoved:Delete")
                        || rule.matchesEvent("ObjectRemoved:DeleteMarkerCreated"))
                .forEach(rule -> checks.add(Check.warn(
                        "notification of removals",
                        "%s receives events of removals too, which nothing here needs; RGW 16 aborts when several objects are removed at once"
                                .formatted(rule.destination()),
                        "Subscribe to s3:ObjectCreated:* only")));
        String canary = CanaryProbe.REGISTRY_PREFIX + "0".repeat(16);
        if (!rules.isEmpty() && rules.stream().noneMatch(rule -> rule.matchesKey(canary))) {
            checks.add(Check.warn(
                    "notification of canaries",
                    "its filters exclude %s, so preflight --canary cannot work".formatted(CanaryProbe.REGISTRY_PREFIX),
                    "Let the filters include that prefix"));
        }
        return checks;
    }
}
