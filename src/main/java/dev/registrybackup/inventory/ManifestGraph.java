package dev.registrybackup.inventory;

import dev.registrybackup.inventory.Manifests.LoadedManifest;
import dev.registrybackup.registry.Descriptor;
import dev.registrybackup.registry.Digest;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Manifests that were read, and what they lead to. Whoever pushes indexes within indexes decides how deep they go, so
 * walking them takes memory and no stack.
 *
 * @param manifests each manifest that was read or looked for
 */
public record ManifestGraph(Map<Digest, LoadedManifest> manifests) {
    /** How that manifest was found; missing if it was not looked for. */
    public LoadedManifest get(Digest manifest) {
        return manifests.getOrDefault(manifest, LoadedManifest.missing());
    }

    /** The layers, configs and other blobs that all of them refer to. */
    public Stream<Descriptor> blobs() {
        return manifests.values().stream().flatMap(LoadedManifest::blobs);
    }

    /** These manifests and all below them, each once. */
    public Set<Digest> below(Collection<Digest> roots) {
        Set<Digest> seen = new HashSet<>();
        Deque<Digest> open = new ArrayDeque<>(roots);
        while (!open.isEmpty()) {
            Digest manifest = open.pop();
            if (seen.add(manifest)) {
                get(manifest).children().forEach(open::push);
            }
        }
        return seen;
    }

    /**
     * These manifests and all below them, each once, children before the indexes that list them.
     *
     * @param children what is listed by each; asked once
     */
    public static List<Digest> childrenFirst(
            Collection<Digest> roots, Function<Digest, ? extends Collection<Digest>> children) {
        Set<Digest> ordered = new LinkedHashSet<>();
        Set<Digest> begun = new HashSet<>();
        Deque<Digest> open = new ArrayDeque<>();
        for (Digest root : roots) {
            open.push(root);
            while (!open.isEmpty()) {
                Digest digest = open.element();
                if (begun.add(digest)) {
                    children.apply(digest).stream()
                            .filter(child -> !begun.contains(child))
                            .forEach(open::push);
                } else {
                    ordered.add(open.pop());
                }
            }
        }
        return List.copyOf(ordered);
    }
}
