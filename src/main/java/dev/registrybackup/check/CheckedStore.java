package dev.registrybackup.check;

import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.net.URI;
import java.util.Optional;

/**
 * One of the two stores, with what its checks need to name it.
 *
 * @param name {@code registry} or {@code backup}
 * @param endpoint its endpoint; empty for AWS
 * @param isDirectory whether it is a directory instead of a bucket
 */
public record CheckedStore(
        String name, ObjectStore store, RegistryLayout layout, Optional<URI> endpoint, boolean isDirectory) {
    String check(String about) {
        return name + " " + about;
    }

    String bucket() {
        return store.bucket();
    }

    /** A command of the AWS CLI for this bucket. */
    String aws(String action, String options) {
        return "aws %ss3api %s --bucket %s%s"
                .formatted(
                        endpoint.map(uri -> "--endpoint-url " + uri + " ").orElse(""),
                        action,
                        bucket(),
                        options.isEmpty() ? "" : " " + options);
    }
}
