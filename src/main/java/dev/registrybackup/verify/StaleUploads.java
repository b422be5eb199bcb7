package dev.registrybackup.verify;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.operation.FindingCode;
import java.time.Duration;
import java.time.Instant;

/** Reports uploads that nobody goes on with, from a listing: the files of one lie together there. For one thread. */
final class StaleUploads {
    /** Source: distribution {@code registry/handlers/app.go}: the registry's own purger takes what is as old. */
    private static final Duration STALE_AGE = Duration.ofDays(7);

    private static final String UPLOADS_DIRECTORY = "/_uploads/";

    private final FindingCollector findingCollector;
    private final Instant staleBefore;
    private String upload = "";
    private Instant lastModified = Instant.MAX;

    StaleUploads(FindingCollector findingCollector, Instant now) {
        this.findingCollector = findingCollector;
        this.staleBefore = now.minus(STALE_AGE);
    }

    /** Takes the next file of an upload. */
    void add(ObjectInfo file) {
        String key = file.key();
        int name = key.indexOf(UPLOADS_DIRECTORY) + UPLOADS_DIRECTORY.length();
        int end = key.indexOf('/', name);
        String of = end < 0 ? key : key.substring(0, end + 1);
        if (!of.equals(upload)) {
            finish();
            upload = of;
            lastModified = file.lastModified();
        } else if (file.lastModified().isAfter(lastModified)) {
            lastModified = file.lastModified();
        }
    }

    /** There are no more. */
    void finish() {
        if (!lastModified.isAfter(staleBefore)) {
            findingCollector.add(
                    FindingCode.STALE_UPLOAD,
                    upload,
                    "Nobody has gone on with this upload since %s: the registry's upload purger removes it"
                            .formatted(lastModified));
        }
    }
}
