package dev.registrybackup.imagestream;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import java.util.Optional;

/**
 * The name of an object in the cluster.
 *
 * @param namespace its namespace; empty for kinds without one
 */
public record ObjectName(Resource resource, Optional<String> namespace, String name) {
    /** The name of the only object of its kind. */
    public static final String CLUSTER = "cluster";

    /** Throws {@link IllegalArgumentException} if the kind needs a namespace and there is none, or the reverse. */
    public ObjectName {
        if (resource.isNamespaced() != namespace.isPresent()) {
            throw new IllegalArgumentException(
                    "%s %s a namespace".formatted(resource.plural(), resource.isNamespaced() ? "need" : "do not have"));
        }
    }

    /** The name of an object without a namespace. */
    public static ObjectName of(Resource resource, String name) {
        return new ObjectName(resource, Optional.empty(), name);
    }

    /**
     * The name of a repository's ImageStream.
     *
     * @throws IllegalArgumentException if the repository does not have two parts: OpenShift image-registry, {@code
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

    /** The name of a digest's Image. */
    public static ObjectName image(Digest digest) {
        return of(Resource.IMAGE, digest.toString());
    }

    /** The form that {@code oc} uses. */
    @Override
    public String toString() {
        String group = resource.group().isEmpty() ? "" : "." + resource.group();
        return resource.plural() + group + " "
                + namespace.map(each -> each + "/").orElse("") + name;
    }
}
