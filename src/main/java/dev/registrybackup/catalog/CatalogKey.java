package dev.registrybackup.catalog;

import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import java.util.Optional;

/** Where a repository's document lies. A repository's name has no part that begins with an underscore. */
final class CatalogKey {
    static final String PREFIX = RegistryLayout.BOOKKEEPING_PREFIX + "catalog/";

    private static final String END = "/_repository.json";

    private CatalogKey() {}

    static String of(RepositoryName repository) {
        return PREFIX + repository + END;
    }

    /** Whose document it is, if it is one. */
    static Optional<RepositoryName> repository(String key) {
        if (!key.startsWith(PREFIX) || !key.endsWith(END) || key.length() <= PREFIX.length() + END.length()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new RepositoryName(key.substring(PREFIX.length(), key.length() - END.length())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
