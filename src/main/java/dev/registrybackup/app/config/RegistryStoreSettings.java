package dev.registrybackup.app.config;

import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.S3Settings.WriteOptions;
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
public record RegistryStoreSettings(
        String name, Optional<S3Settings> bucket, Optional<Path> directory, String rootDirectory) {
    /** Settles it. Throws {@link ConfigurationException} for the first thing that cannot work. */
    static RegistryStoreSettings of(String prefix, RegistryStoreConfiguration given) {
        if (given.directory().isEmpty()) {
            return new RegistryStoreSettings(
                    prefix,
                    Optional.of(new StoreSettings(prefix, given).s3(WriteOptions.DEFAULT)),
                    Optional.empty(),
                    given.rootDirectory());
        }
        if (given.bucket().isPresent()) {
            throw new ConfigurationException(
                    prefix + ".directory", "is set and %s.bucket too: set one of them".formatted(prefix));
        }
        return new RegistryStoreSettings(
                prefix, Optional.empty(), given.directory().map(Path::of), given.rootDirectory());
    }
}
