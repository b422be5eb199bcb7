package dev.registrybackup.inventory;

import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The graph of manifests that were read. Indexes can be nested to any depth, so a walk uses the heap and not the stack.
 *
 * @param manifests each manifest that was read or requested
 */
public record ManifestGraph(Map<Digest, LoadedManifest> manifests) {
    /** The state of a manifest; missing if it was not requested. */
    public LoadedManifest get(Digest manifest) {
        return manifests.getOrDefault(manifest, LoadedManifest.missing());
    }

    /** The layers, configs and other blobs of all manifests. */
    public Stream<Descriptor> blobs() {
        return manifests.values().stream().flatMap(LoadedManifest::blobs);
    }

    /** These manifests and all manifests below them, each once. */
    public Set<Digest> below(Collection<Digest> roots) {
        return childrenFirst(roots, manifest -> get(manifest).children());
    }

    /**
     * These manifests and all manifests below them, each once, children before the indexes that list them.
     *
     * @param children the children of a manifest; called once for each
     */
    public static Set<Digest> childrenFirst(
            Collection<Digest> roots, Function<Digest, ? extends Collection<Digest>> children) {
        Set<Digest> ordered = new LinkedHashSet<>();
        Set<Digest> started = new HashSet<>();
        Deque<Digest> open = new ArrayDeque<>();
        for (Digest root : roots) {
            open.push(root);
            while (!open.isEmpty()) {
                Digest digest = open.element();
                if (started.add(digest)) {
                    children.apply(digest).stream()
                            .filter(child -> !started.contains(child))
                            .forEach(open::push);
                } else {
                    ordered.add(open.pop());
                }
            }
        }
        return ordered;
    }
}
