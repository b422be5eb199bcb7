package dev.registrybackup.restore;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath;

/**
 * One link to write.
 *
 * @param path which
 * @param target what it has to say
 * @param rank its place in the order of writing: no link is written before all of lower rank are
 */
record LinkStep(RegistryPath.Link path, Digest target, int rank) {
    private static final int LAYER_RANK = 0;
    private static final int REVISION_RANK = 1;
    /** More than any index is nested. */
    private static final int MAX_LEVELS = 1_000_000;

    static LinkStep of(RegistryPath.LayerLink path, Digest target) {
        return new LinkStep(path, target, LAYER_RANK);
    }

    /** A manifest with so many levels of manifests below it. */
    static LinkStep of(RegistryPath.RevisionLink path, Digest target, int levels) {
        return new LinkStep(path, target, REVISION_RANK + levels);
    }

    static LinkStep of(RegistryPath.TagIndexLink path, Digest target) {
        return new LinkStep(path, target, REVISION_RANK + MAX_LEVELS);
    }

    static LinkStep of(RegistryPath.TagCurrentLink path, Digest target) {
        return new LinkStep(path, target, REVISION_RANK + MAX_LEVELS + 1);
    }

    /** How many bytes it has. */
    long bytes() {
        return target.toString().length();
    }
}
