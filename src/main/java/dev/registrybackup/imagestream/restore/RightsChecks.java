package dev.registrybackup.imagestream.restore;

import dev.registrybackup.check.Check;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.ImageObject;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.restore.ImageStreamMode;
import dev.registrybackup.restore.RestoreRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Whether the caller may do what the route needs. For one thread. */
final class RightsChecks {
    private static final int MAX_LISTED = 20;

    private final Cluster cluster;
    private final RestoreRequest request;
    private final List<String> indexes = new ArrayList<>();
    private long indexCount;

    RightsChecks(Cluster cluster, RestoreRequest request) {
        this.cluster = cluster;
        this.request = request;
    }

    private record Right(String verb, Resource resource, Optional<String> part) {
        @Override
        public String toString() {
            String group = resource.group().isEmpty() ? "" : "." + resource.group();
            return verb + " " + resource.plural() + group
                    + part.map(each -> "/" + each).orElse("");
        }
    }

    private static Right of(String verb, Resource resource) {
        return new Right(verb, resource, Optional.empty());
    }

    private static Right of(String verb, Resource resource, String part) {
        return new Right(verb, resource, Optional.of(part));
    }

    /** Whether Images may be created, without which indexes have no children on the way of mappings. */
    static boolean mayCreateImages(Cluster cluster) {
        return cluster.canI("create", Resource.IMAGE, Optional.empty(), Optional.empty());
    }

    /** Remembers which tags are of several architectures. */
    void add(DesiredStream stream) {
        if (request.imageStreamMode() != ImageStreamMode.MAPPING) {
            return;
        }
        stream.stream()
                .tags()
                .forEach(tag -> tag.current()
                        .flatMap(item -> stream.image(item.image()))
                        .map(ImageObject::children)
                        .filter(children -> !children.isEmpty())
                        .ifPresent(children -> {
                            indexCount++;
                            if (indexes.size() < MAX_LISTED) {
                                indexes.add(stream.repository() + ":" + tag.tag());
                            }
                        }));
    }

    /** One point for each right. */
    List<Check> checks(Set<String> namespaces) {
        List<Check> points = new ArrayList<>();
        boolean isStatus = request.imageStreamMode() == ImageStreamMode.STATUS;
        if (isStatus) {
            points.add(check(of("create", Resource.IMAGE), Optional.empty()));
        } else if (!mayCreateImages(cluster) && indexCount > 0) {
            points.add(Check.warn(
                    "multi-architecture tags",
                    "%d are not restorable on this route, for want of the right to create Images: %s"
                            .formatted(indexCount, indexes)));
        }
        List<Right> inNamespaces = new ArrayList<>(List.of(
                of("get", Resource.IMAGE_STREAM),
                of("create", Resource.IMAGE_STREAM),
                of("update", Resource.IMAGE_STREAM),
                of("get", Resource.IMAGE_STREAM, "layers")));
        inNamespaces.add(
                isStatus ? of("update", Resource.IMAGE_STREAM, "status") : of("create", Resource.IMAGE_STREAM_MAPPING));
        inNamespaces.forEach(right -> points.addAll(checks(right, namespaces)));
        if (request.createNamespaces()) {
            points.add(check(of("create", Resource.NAMESPACE), Optional.empty()));
        }
        return points;
    }

    /** Asked for all namespaces at once, and only if that is not allowed, for each. */
    private List<Check> checks(Right right, Set<String> namespaces) {
        Check everywhere = check(right, Optional.empty());
        if (everywhere.state() == Check.State.PASS) {
            return List.of(everywhere);
        }
        return namespaces.stream()
                .map(namespace -> check(right, Optional.of(namespace)))
                .toList();
    }

    private Check check(Right right, Optional<String> namespace) {
        String name = "right to " + right + namespace.map(each -> " in " + each).orElse("");
        return cluster.canI(right.verb(), right.resource(), right.part(), namespace)
                ? Check.pass(name, "granted")
                : Check.fail(name, "not granted", remedy(right, namespace));
    }

    /** Both accounts, since the Service looks before a Job does. */
    private String remedy(Right right, Optional<String> namespace) {
        boolean isEditors = request.imageStreamMode() == ImageStreamMode.MAPPING
                && right.resource().isNamespaced()
                && namespace.isPresent();
        return isEditors
                ? "oc adm policy add-role-to-user edit system:serviceaccount:registry-backup:restore"
                        + " system:serviceaccount:registry-backup:restore-job -n " + namespace.get()
                : RestorePreflight.GRANT;
    }
}
