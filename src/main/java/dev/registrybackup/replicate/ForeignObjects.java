package dev.registrybackup.replicate;

import dev.registrybackup.ledger.Canaries;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.CopiedFrom;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.ObjectCopier;
import dev.registrybackup.transfer.Origin;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Objects inside the registry's root directory that its layout does not know: reported only, or, if so configured, copied
 * as they are. No digest names their content, so what is kept with the copy tells whether it is the same. After a copy the
 * registry is looked at again until both are equal, as for tags ({@link TagLinks}): another instance with an older read could
 * leave the older object otherwise. Canaries, which are there to try the events, are never copied.
 */
public final class ForeignObjects {
    /** An object that changes this often within one run is tried again later. */
    private static final int MOST_ROUNDS = 10;

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
        return lanes.small(() -> registry.find(key)).thenCompose(origin -> round(1, origin, 0));
    }

    private CompletableFuture<Outcome> round(int number, Optional<ObjectInfo> read, long bytes) {
        if (read.isEmpty()) {
            return CompletableFuture.completedFuture(Outcome.of(Kind.FOREIGN, Verdict.GONE));
        }
        ObjectInfo origin = read.get();
        if (number > MOST_ROUNDS) {
            throw new ObjectStoreException(
                    StoreError.CHANGED,
                    "Failed to follow %s: it changed %d times meanwhile".formatted(origin.key(), MOST_ROUNDS));
        }
        return lanes.small(() -> backup.findBeforeWrite(origin.key()))
                .thenCompose(
                        copy -> copy.filter(there -> isCopyOf(there, origin)).isPresent()
                                ? CompletableFuture.completedFuture(outcome(number > 1, bytes))
                                : copy(number, origin, bytes + origin.size()));
    }

    private CompletableFuture<Outcome> copy(int number, ObjectInfo origin, long bytes) {
        return lanes.forSize(origin.size(), () -> {
                    copier.copy(Origin.visible(registry, origin), Optional.empty());
                    return registry.find(origin.key());
                })
                .thenCompose(now -> now.filter(there -> isSame(there, origin)).isPresent()
                        ? CompletableFuture.completedFuture(outcome(true, bytes))
                        : round(number + 1, now, bytes));
    }

    private static boolean isSame(ObjectInfo now, ObjectInfo copied) {
        return now.size() == copied.size() && now.etag().equals(copied.etag());
    }

    private static boolean isCopyOf(ObjectInfo copy, ObjectInfo origin) {
        return copy.size() == origin.size()
                && origin.etag().equals(copy.metadata().get(CopiedFrom.ETAG));
    }

    private static Outcome outcome(boolean wrote, long bytes) {
        return new Outcome(Kind.FOREIGN, wrote ? Verdict.COPIED : Verdict.PRESENT, Optional.empty(), bytes, "");
    }
}
