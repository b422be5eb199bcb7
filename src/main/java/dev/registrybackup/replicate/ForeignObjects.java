package dev.registrybackup.replicate;

import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.transfer.CopiedFrom;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.ObjectCopier;
import dev.registrybackup.transfer.Origin;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Objects inside the registry's root directory that its layout does not know: reported only, or, if so configured, copied
 * as they are. No digest names their content, so what is kept with the copy tells whether it is the same. Canaries, which
 * are there to try the events, are never copied.
 */
public final class ForeignObjects {
    private final ObjectStore registry;
    private final ObjectStore backup;
    private final ObjectCopier copier;
    private final Lanes lanes;
    private final boolean copied;

    /**
     * Treats foreign objects as configured.
     *
     * @param copied whether they are copied; else they are passed over
     */
    public ForeignObjects(ObjectStore registry, ObjectStore backup, Lanes lanes, boolean copied) {
        this.registry = registry;
        this.backup = backup;
        this.copier = new ObjectCopier(backup, CopiedFrom::metadata);
        this.lanes = lanes;
        this.copied = copied;
    }

    CompletableFuture<Outcome> replicate(String key) {
        if (!copied || key.startsWith(Canaries.IN_REGISTRY)) {
            return CompletableFuture.completedFuture(Outcome.of(Kind.FOREIGN, Verdict.PASSED_OVER));
        }
        return lanes.small(() -> registry.find(key))
                .thenCompose(origin -> origin.map(this::copyUnlessSame)
                        .orElseGet(() -> CompletableFuture.completedFuture(Outcome.of(Kind.FOREIGN, Verdict.GONE))));
    }

    private CompletableFuture<Outcome> copyUnlessSame(ObjectInfo origin) {
        return lanes.small(() -> backup.findBeforeWrite(origin.key()))
                .thenCompose(
                        copy -> copy.filter(there -> isCopyOf(there, origin)).isPresent()
                                ? CompletableFuture.completedFuture(Outcome.of(Kind.FOREIGN, Verdict.PRESENT))
                                : lanes.forSize(origin.size(), () -> copy(origin)));
    }

    private static boolean isCopyOf(ObjectInfo copy, ObjectInfo origin) {
        return copy.size() == origin.size()
                && origin.etag().equals(copy.metadata().get(CopiedFrom.ETAG));
    }

    private Outcome copy(ObjectInfo origin) {
        copier.copy(Origin.visible(registry, origin), Optional.empty());
        return new Outcome(Kind.FOREIGN, Verdict.COPIED, Optional.empty(), origin.size(), "");
    }
}
