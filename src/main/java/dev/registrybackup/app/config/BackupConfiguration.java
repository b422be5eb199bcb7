package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** The backup's bucket. */
@ConfigMapping(prefix = "backup")
public interface BackupConfiguration extends StoreConfiguration {
    /** The storage class objects are written with; by default the bucket's. No archive class: restores read at once. */
    Optional<String> storageClass();

    /** Server-side encryption: `none` (the bucket's default), `AES256`, `aws:kms`, or `aws:kms:` and a key id. */
    @WithDefault("none")
    String encryption();
}
