package dev.registrybackup.reconcile;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/** Whether a store's ETags are the MD5 of what was written in one piece, as rclone takes them. Not so under KMS. */
final class ETags {
    /** Of so many links one is enough. */
    private static final int SAMPLE_SIZE = 1_000;

    private ETags() {}

    /** Whether they are; a store without a link, or without ETags, is given the benefit of the doubt. */
    static boolean areMd5(ObjectStore store, RegistryLayout layout) {
        try (Stream<ObjectInfo> listing = store.list(layout.repositoriesPrefix())) {
            return listing.limit(SAMPLE_SIZE)
                    .filter(link -> !link.etag().isEmpty())
                    .filter(link -> layout.parse(link.key()) instanceof DigestLink path
                            && path.digest().algorithm() == DigestAlgorithm.SHA256)
                    .findFirst()
                    .map(link -> isMd5(link, (DigestLink) layout.parse(link.key())))
                    .orElse(true);
        }
    }

    private static boolean isMd5(ObjectInfo link, DigestLink path) {
        byte[] content = path.digest().toString().getBytes(StandardCharsets.US_ASCII);
        return link.size() != content.length || link.etag().equals(LinkContent.md5Hex(content));
    }
}
