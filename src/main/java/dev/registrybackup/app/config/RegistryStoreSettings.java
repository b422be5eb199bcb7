package dev.registrybackup.app.config;

import dev.registrybackup.objectstore.s3.S3Settings;
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
        String name, Optional<S3Settings> bucket, Optional<Path> directory, String rootDirectory) {}
