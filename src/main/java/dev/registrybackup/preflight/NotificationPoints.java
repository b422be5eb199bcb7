package dev.registrybackup.preflight;

import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestAlgorithm;
import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.point.Point;
import dev.registrybackup.store.BucketFacts;
import dev.registrybackup.store.NotificationRule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Whether the registry's store tells of what is written. */
final class NotificationPoints {
    /** The name of the first point. */
    static final String NAME = "registry notification";

    private static final List<String> CREATED =
            List.of("ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload");
    private static final String REMEDY =
            "Apply the overlay in knative/overlays for your store, or see docs/operations.md; reconcile brings the rest";

    private final Side registry;
    private final List<String> keys;

    NotificationPoints(Side registry) {
        this.registry = registry;
        Digest digest = new Digest(DigestAlgorithm.SHA256, "0".repeat(64));
        this.keys = List.of(
                registry.layout().blobKey(digest),
                registry.layout().repositoriesPrefix() + "ns/app/_manifests/tags/latest/current/link");
    }

    List<Point> points(BucketFacts facts) {
        List<Point> points = new ArrayList<>();
        points.add(Looking.fact(
                NAME,
                facts.notifications(),
                registry.aws("get-bucket-notification-configuration", "") + "; and try: preflight --canary",
                this::created));
        facts.notifications().value().ifPresent(rules -> points.addAll(details(rules)));
        return points;
    }

    private Point created(List<NotificationRule> rules) {
        if (rules.isEmpty()) {
            return Point.missing(NAME, "the bucket has none, so that nothing is copied until reconcile runs", REMEDY);
        }
        String lacking = CREATED.stream()
                .flatMap(event -> keys.stream()
                        .filter(key -> rules.stream().noneMatch(rule -> rule.tells(event) && rule.passes(key)))
                        .map(key -> event + " of " + key))
                .collect(Collectors.joining(", "));
        return lacking.isEmpty()
                ? Point.ok(
                        NAME,
                        "it tells of created objects: "
                                + rules.stream()
                                        .map(NotificationRule::destination)
                                        .collect(Collectors.joining(", ")))
                : Point.missing(NAME, "it does not tell of " + lacking, REMEDY);
    }

    private static List<Point> details(List<NotificationRule> rules) {
        List<Point> points = new ArrayList<>();
        rules.stream()
                .filter(rule -> rule.tells("ObjectRemoved:Delete") || rule.tells("ObjectRemoved:DeleteMarkerCreated"))
                .forEach(rule -> points.add(Point.note(
                        "notification of removals",
                        "%s is told of removals too, which nothing here needs, and RGW 16 aborts on the removal of several"
                                        .formatted(rule.destination())
                                + " objects at once",
                        "Subscribe to s3:ObjectCreated:* only")));
        String canary = Canaries.IN_REGISTRY + "0".repeat(16);
        if (!rules.isEmpty() && rules.stream().noneMatch(rule -> rule.passes(canary))) {
            points.add(Point.note(
                    "notification of canaries",
                    "its filters keep " + Canaries.IN_REGISTRY + " back, so that preflight --canary cannot try it",
                    "Let the filter pass that prefix too"));
        }
        return points;
    }
}
