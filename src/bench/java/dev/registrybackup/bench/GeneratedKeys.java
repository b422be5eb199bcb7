package dev.registrybackup.bench;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RepositoryName;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/**
 * Generated keys of a registry: of ten, four are blobs, five layer links and one is a revision link. A
 * repository has a hundred layer links and twenty revision links, a namespace ten repositories. The same for the same number.
 */
final class GeneratedKeys {
    private static final int LAYERS = 100;
    private static final int REVISIONS = 20;
    private static final int REPOSITORIES = 10;
    /** A prime, so that a repository names no digest twice. */
    private static final long STEP = 7919;

    private final String[] inOrder;

    /** So many keys, or a few less. */
    GeneratedKeys(RegistryLayout layout, int number) {
        int blobs = number / 10 * 4;
        int links = number - blobs;
        this.inOrder = new String[blobs + links];
        for (int blob = 0; blob < blobs; blob++) {
            inOrder[blob] = layout.blobKey(digest(blob));
        }
        for (int link = 0; link < links; link++) {
            inOrder[blobs + link] = link(layout, link, blobs);
        }
        Arrays.sort(inOrder);
    }

    private static String link(RegistryLayout layout, int number, int blobs) {
        int repository = number / (LAYERS + REVISIONS);
        int within = number % (LAYERS + REVISIONS);
        RepositoryName name =
                new RepositoryName("team-%05d/app-%d".formatted(repository / REPOSITORIES, repository % REPOSITORIES));
        Digest digest = digest((int) (number * STEP % blobs));
        return layout.keyOf(within < LAYERS ? new LayerLink(name, digest) : new RevisionLink(name, digest));
    }

    private static Digest digest(int blob) {
        return Digest.of(
                DigestAlgorithm.SHA256,
                ByteBuffer.allocate(Integer.BYTES).putInt(blob).array());
    }

    /** How many there are. */
    int size() {
        return inOrder.length;
    }

    /** The first that is not before this one in key order. */
    Optional<String> ceiling(String key) {
        int at = Arrays.binarySearch(inOrder, key);
        int index = at < 0 ? -at - 1 : at;
        return index < inOrder.length ? Optional.of(inOrder[index]) : Optional.empty();
    }

    /** Whether it is one of them. */
    boolean contains(String key) {
        return Arrays.binarySearch(inOrder, key) >= 0;
    }

    /** How many contain that text. */
    long count(String text) {
        return Arrays.stream(inOrder).filter(key -> key.contains(text)).count();
    }
}
