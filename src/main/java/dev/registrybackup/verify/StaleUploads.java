package dev.registrybackup.verify;

import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.operation.FindingCode;
import java.time.Duration;
import java.time.Instant;

/** Reports uploads that nobody goes on with, from a listing: the files of one lie together there. For one thread. */
final class StaleUploads {
    /** Source: distribution {@code registry/handlers/app.go}: the registry's own purger takes what is as old. */
    private static final Duration STALE = Duration.ofDays(7);

    private static final String FOLDER = "/_uploads/";

    private final FindingCollector findingCollector;
    private final Instant staleSince;
    private String upload = "";
    private Instant newest = Instant.MAX;

    StaleUploads(FindingCollector findingCollector, Instant now) {
        this.findingCollector = findingCollector;
        this.staleSince = now.minus(STALE);
    }

    /** Takes the next file of an upload. */
    void look(ObjectInfo file) {
        String key = file.key();
        int name = key.indexOf(FOLDER) + FOLDER.length();
        int end = key.indexOf('/', name);
        String of = end < 0 ? key : key.substring(0, end + 1);
        if (!of.equals(upload)) {
            end();
            upload = of;
            newest = file.lastModified();
        } else if (file.lastModified().isAfter(newest)) {
            newest = file.lastModified();
        }
    }

    /** There are no more. */
    void end() {
        if (!newest.isAfter(staleSince)) {
            findingCollector.found(
                    FindingCode.STALE_UPLOAD,
                    upload,
                    "Nobody has gone on with this upload since %s: the registry's upload purger removes it"
                            .formatted(newest));
        }
    }
}
