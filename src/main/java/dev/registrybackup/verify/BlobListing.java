package dev.registrybackup.verify;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.verify.BlobTable.Mark;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.stream.Stream;

/** All blobs of a store, by one listing of everything that the registry's root directory holds. */
final class BlobListing {
    /** A push takes no longer; what nothing needs after that is left over. */
    private static final Duration PUSH = Duration.ofHours(24);

    private static final int PAGE = 1000;

    private final Inquiry inquiry;
    private final Instant now;

    BlobListing(Inquiry inquiry, Instant now) {
        this.inquiry = inquiry;
        this.now = now;
    }

    /** Learns all blobs, and reports what no registry wrote. */
    void read() {
        RegistryLayout layout = inquiry.layout();
        try (Stream<ObjectInfo> listing = inquiry.store().list(layout.rootPrefix())) {
            Iterator<ObjectInfo> objects = listing.iterator();
            for (long count = 0; objects.hasNext(); count++) {
                if (count % PAGE == 0) {
                    inquiry.tally().require();
                }
                ObjectInfo object = objects.next();
                RegistryPath path = layout.parse(object.key());
                if (path instanceof BlobData blob) {
                    hold(blob.digest(), object);
                } else {
                    Strays.look(object, path, inquiry.tally());
                }
            }
        }
    }

    private void hold(Digest blob, ObjectInfo object) {
        inquiry.table().hold(blob, object.size());
        inquiry.tally().looked(1);
        if (object.lastModified().isAfter(now.minus(PUSH))) {
            inquiry.table().mark(blob, Mark.YOUNG);
        }
    }

    /** Reports the blobs of that listing which nothing needs; to be asked once all repositories were looked at. */
    void reportOrphans() {
        BlobTable table = inquiry.table();
        table.forEach(blob -> {
            if (table.is(blob, Mark.HELD) && !table.is(blob, Mark.NEEDED) && !table.is(blob, Mark.YOUNG)) {
                inquiry.tally()
                        .found(
                                FindingCode.ORPHAN_BLOB,
                                blob.toString(),
                                "No revision needs this blob of %d bytes: garbage collection or the hard pruner removes it"
                                        .formatted(table.size(blob).orElse(0)));
            }
        });
    }
}
