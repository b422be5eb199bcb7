package dev.registrybackup.function;

import dev.registrybackup.store.s3.S3Settings;
import dev.registrybackup.store.s3.S3Settings.Writing;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a registry's data is, settled: in a bucket, or else in a directory.
 *
 * @param name what its properties start with
 * @param bucket how its bucket is reached
 * @param directory where it is on a volume
 * @param rootDirectory the registry's setting of that name
 */
record PlaceSettings(String name, Optional<S3Settings> bucket, Optional<Path> directory, String rootDirectory) {
    /** Settles it. Throws {@link ConfigurationProblem} for the first thing that cannot work. */
    static PlaceSettings of(String prefix, RegistryStoreConfiguration given) {
        if (given.directory().isEmpty()) {
            return new PlaceSettings(
                    prefix,
                    Optional.of(new StoreSettings(prefix, given).s3(Writing.PLAIN)),
                    Optional.empty(),
                    given.rootDirectory());
        }
        if (given.bucket().isPresent()) {
            throw new ConfigurationProblem(
                    prefix + ".directory", "is set and %s.bucket too: set one of them".formatted(prefix));
        }
        return new PlaceSettings(prefix, Optional.empty(), given.directory().map(Path::of), given.rootDirectory());
    }
}
