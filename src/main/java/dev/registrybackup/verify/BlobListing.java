package dev.registrybackup.verify;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.verify.BlobStates.Mark;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.stream.Stream;

/** All blobs of a store, by one listing of everything that the registry's root directory holds. */
final class BlobListing {
    /** A push takes no longer; what nothing needs after that is left over. */
    private static final Duration MAX_PUSH_DURATION = Duration.ofHours(24);

    private static final int PAGE_SIZE = 1000;

    private final VerifyContext verifyContext;
    private final Instant now;

    BlobListing(VerifyContext verifyContext, Instant now) {
        this.verifyContext = verifyContext;
        this.now = now;
    }

    /** Learns all blobs, and reports what no registry wrote. */
    void read() {
        RegistryLayout layout = verifyContext.layout();
        try (Stream<ObjectInfo> listing = verifyContext.store().list(layout.rootPrefix())) {
            Iterator<ObjectInfo> objects = listing.iterator();
            for (long count = 0; objects.hasNext(); count++) {
                if (count % PAGE_SIZE == 0) {
                    verifyContext.findingCollector().checkFence();
                }
                ObjectInfo object = objects.next();
                RegistryPath path = layout.parse(object.key());
                if (path instanceof BlobData blob) {
                    markPresent(blob.digest(), object);
                } else {
                    UnknownObjectCheck.check(object, path, verifyContext.findingCollector());
                }
            }
        }
    }

    private void markPresent(Digest blob, ObjectInfo object) {
        verifyContext.blobStates().markPresent(blob, object.size());
        verifyContext.findingCollector().addObjects(1);
        if (object.lastModified().isAfter(now.minus(MAX_PUSH_DURATION))) {
            verifyContext.blobStates().mark(blob, Mark.RECENT);
        }
    }

    /** Reports the blobs of that listing which nothing needs; to be asked once all repositories were looked at. */
    void reportOrphans() {
        BlobStates table = verifyContext.blobStates();
        table.forEach(blob -> {
            if (table.hasMark(blob, Mark.PRESENT)
                    && !table.hasMark(blob, Mark.REACHABLE)
                    && !table.hasMark(blob, Mark.RECENT)) {
                verifyContext
                        .findingCollector()
                        .add(
                                FindingCode.ORPHAN_BLOB,
                                blob.toString(),
                                "No revision needs this blob of %d bytes: garbage collection or the hard pruner removes it"
                                        .formatted(table.size(blob).orElse(0)));
            }
        });
    }
}
