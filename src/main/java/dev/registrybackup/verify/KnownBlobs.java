package dev.registrybackup.verify;

import dev.registrybackup.content.Digest;
import dev.registrybackup.inventory.Held;
import dev.registrybackup.inventory.Lookup;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.Window;
import dev.registrybackup.verify.BlobTable.Mark;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Learns which blobs a store has. What a listing lacks it is asked for once more: it may have come since. */
final class KnownBlobs {
    private final Inquiry inquiry;
    private final ObjectStore store;
    private final BlobTable table;

    /** Learns it into the inquiry's table. */
    KnownBlobs(Inquiry inquiry) {
        this.inquiry = inquiry;
        this.store = inquiry.store();
        this.table = inquiry.table();
    }

    /** Learns of these, unless they are known. */
    void learn(Set<Digest> wanted) {
        Map<String, Digest> unknown = wanted.stream()
                .filter(digest -> !table.knows(digest))
                .collect(Collectors.toMap(inquiry.layout()::blobKey, digest -> digest));
        if (unknown.isEmpty() || (!inquiry.isOfEverything() && lookUp(unknown))) {
            return;
        }
        Window window = new Window(inquiry.lanes(), Inquiry.AT_ONCE);
        unknown.forEach((key, digest) -> window.submit(0, () -> ask(key, digest)));
        window.await();
    }

    /** In as few requests as it takes, where nothing was listed before; says whether none of them failed. */
    private boolean lookUp(Map<String, Digest> unknown) {
        try {
            Map<String, Held> found =
                    new Lookup(store, inquiry.lanes()).find(inquiry.layout().blobsPrefix(), unknown.keySet());
            unknown.forEach((key, digest) -> {
                Held held = found.get(key);
                if (held == null) {
                    table.miss(digest);
                } else {
                    hold(digest, held.size());
                }
            });
            return true;
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.BUCKET_MISSING) {
                throw e;
            }
            return false;
        }
    }

    private void ask(String key, Digest digest) {
        try {
            store.find(key).ifPresentOrElse(info -> hold(digest, info.size()), () -> table.miss(digest));
        } catch (ObjectStoreException e) {
            table.mark(digest, Mark.UNTOLD);
            inquiry.tally().untold(digest.toString(), e);
        }
    }

    private void hold(Digest digest, long size) {
        table.hold(digest, size);
        inquiry.tally().looked(1);
    }
}
