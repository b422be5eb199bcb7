package dev.registrybackup.verify;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;

/** Reports objects that no registry wrote. */
final class UnknownObjectCheck {
    private UnknownObjectCheck() {}

    static void check(ObjectInfo object, RegistryPath path, FindingCollector findingCollector) {
        String key = object.key();
        switch (path.kind()) {
            case UNKNOWN ->
                findingCollector.add(
                        FindingCode.UNKNOWN_OBJECT,
                        key,
                        "No registry writes such a key; beside a blob it may hide it. Find out who wrote it, and move it"
                                + " elsewhere");
            case EXCLUDED -> {
                if (key.endsWith("/") && !key.startsWith(RegistryLayout.METADATA_PREFIX)) {
                    findingCollector.add(
                            FindingCode.UNKNOWN_OBJECT,
                            key,
                            "This is a directory marker, as consoles and copying tools make them; registries trip over it."
                                    + " Delete it");
                }
            }
            case BLOB, LAYER_LINK, REVISION_LINK, TAG_INDEX_LINK, TAG_CURRENT_LINK, UPLOAD -> {}
        }
    }
}
