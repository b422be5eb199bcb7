package dev.registrybackup.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Walks of manifests whose children a caller knows. */
class ManifestGraphTest {
    private final Digest outer = digest("outer");
    private final Digest inner = digest("inner");
    private final Digest leaf = digest("leaf");
    private final Digest other = digest("other");
    /** An index in an index, both with the same leaf. */
    private final Map<Digest, List<Digest>> children = Map.of(outer, List.of(inner, leaf), inner, List.of(leaf, other));

    private final List<Digest> asked = new ArrayList<>();

    private static Digest digest(String of) {
        return Digest.of(DigestAlgorithm.SHA256, of.getBytes(StandardCharsets.UTF_8));
    }

    private List<Digest> children(Digest manifest) {
        asked.add(manifest);
        return children.getOrDefault(manifest, List.of());
    }

    @Test
    void childrenComeBeforeTheirIndexesAndAreAskedForOnce() {
        // When
        List<Digest> ordered = List.copyOf(ManifestGraph.childrenFirst(List.of(outer, inner), this::children));

        // Then
        assertEquals(Set.of(outer, inner, leaf, other), Set.copyOf(ordered));
        assertEquals(4, ordered.size());
        children.forEach((index, below) -> below.forEach(
                child -> assertTrue(ordered.indexOf(child) < ordered.indexOf(index), index + " " + child)));
        assertEquals(4, asked.size());
    }

    @Test
    void aManifestThatIsItsOwnChildEndsTheWalk() {
        // When
        Set<Digest> below = ManifestGraph.childrenFirst(List.of(leaf), manifest -> List.of(leaf));

        // Then
        assertEquals(Set.of(leaf), below);
    }
}
