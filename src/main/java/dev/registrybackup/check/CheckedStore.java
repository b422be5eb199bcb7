package dev.registrybackup.check;

import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import java.net.URI;
import java.util.Optional;

/**
 * One of the two stores.
 *
 * @param name {@code registry} or {@code backup}
 * @param store its bucket
 * @param layout the grammar of its keys
 * @param endpoint where it is; empty for AWS itself
 * @param isDirectory whether it is a directory and no bucket
 */
public record CheckedStore(
        String name, ObjectStore store, RegistryLayout layout, Optional<URI> endpoint, boolean isDirectory) {
    /** The name of a point about this side. */
    String check(String about) {
        return name + " " + about;
    }

    String bucket() {
        return store.bucket();
    }

    /** A command of the AWS program's on this bucket. */
    String aws(String action, String options) {
        return "aws %ss3api %s --bucket %s%s"
                .formatted(
                        endpoint.map(uri -> "--endpoint-url " + uri + " ").orElse(""),
                        action,
                        bucket(),
                        options.isEmpty() ? "" : " " + options);
    }
}
