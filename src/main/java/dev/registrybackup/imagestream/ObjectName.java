package dev.registrybackup.imagestream;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.util.Optional;

/**
 * Which object of the cluster.
 *
 * @param resource its kind
 * @param namespace its namespace; empty for kinds that have none
 * @param name its name
 */
public record ObjectName(Resource resource, Optional<String> namespace, String name) {
    /** The one object of its kind. */
    public static final String CLUSTER = "cluster";

    /** Refuses a namespace too many or too few, with {@link IllegalArgumentException}. */
    public ObjectName {
        if (resource.isNamespaced() != namespace.isPresent()) {
            throw new IllegalArgumentException(
                    "%s %s a namespace".formatted(resource.plural(), resource.isNamespaced() ? "need" : "have not"));
        }
    }

    /** That of an object without a namespace. */
    public static ObjectName of(Resource resource, String name) {
        return new ObjectName(resource, Optional.empty(), name);
    }

    /**
     * The ImageStream that is that repository.
     *
     * @throws IllegalArgumentException if the name has not two parts: OpenShift image-registry, {@code
     *     pkg/dockerregistry/server/util.go}, {@code getNamespaceName}
     */
    public static ObjectName stream(RepositoryName repository) {
        String[] parts = repository.value().split("/", -1);
        if (parts.length != 2) {
            throw new IllegalArgumentException(
                    "On OpenShift a repository is <namespace>/<ImageStream>, not \"%s\"".formatted(repository));
        }
        return new ObjectName(Resource.IMAGE_STREAM, Optional.of(parts[0]), parts[1]);
    }

    /** The Image of that digest. */
    public static ObjectName image(Digest digest) {
        return of(Resource.IMAGE, digest.toString());
    }

    /** As {@code oc} names it. */
    @Override
    public String toString() {
        String group = resource.group().isEmpty() ? "" : "." + resource.group();
        return resource.plural() + group + " "
                + namespace.map(each -> each + "/").orElse("") + name;
    }
}
