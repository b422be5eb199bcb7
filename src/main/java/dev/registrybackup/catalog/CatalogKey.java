package dev.registrybackup.catalog;

import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import java.util.Optional;

/** Where a repository's document lies. A repository's name has no part that begins with an underscore. */
final class CatalogKey {
    static final String PREFIX = RegistryLayout.METADATA_PREFIX + "catalog/";

    private static final String SUFFIX = "/_repository.json";

    private CatalogKey() {}

    static String of(RepositoryName repository) {
        return PREFIX + repository + SUFFIX;
    }

    /** Whose document it is, if it is one. */
    static Optional<RepositoryName> repository(String key) {
        if (!key.startsWith(PREFIX) || !key.endsWith(SUFFIX) || key.length() <= PREFIX.length() + SUFFIX.length()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new RepositoryName(key.substring(PREFIX.length(), key.length() - SUFFIX.length())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
