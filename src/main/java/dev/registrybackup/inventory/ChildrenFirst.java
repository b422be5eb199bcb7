package dev.registrybackup.inventory;

import dev.registrybackup.registry.Digest;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Manifests in an order in which children come before the indexes that list them. */
public final class ChildrenFirst {
    private ChildrenFirst() {}

    /**
     * These manifests and all below them, each once. Whoever pushes indexes within indexes decides how deep they go, so that
     * takes memory and no stack.
     *
     * @param children what is listed by each; asked once
     */
    public static List<Digest> order(Collection<Digest> roots, Function<Digest, Collection<Digest>> children) {
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
