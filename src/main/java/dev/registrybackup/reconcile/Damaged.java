package dev.registrybackup.reconcile;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.operation.Reports;
import dev.registrybackup.transfer.BlobCopy;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** Replaces what verifications since the last run found wrong in the backup. For one thread. */
final class Damaged {
    private static final int MOST_REPORTS = 100;

    private final Reports reports;
    private final Sides sides;
    private final Copying copying;
    private final Bringing bringing;
    private final Permit permit;
    private final Consumer<Finding> found;
    private long replaced;
    private long left;

    Damaged(Reports reports, Sides sides, Copying copying, Bringing bringing, Permit permit, Consumer<Finding> found) {
        this.reports = reports;
        this.sides = sides;
        this.copying = copying;
        this.bringing = bringing;
        this.permit = permit;
        this.found = found;
    }

    /** Does it, and tells how many blobs were replaced. */
    long replaceSince(Optional<Instant> lastRun) {
        for (String id : reports.ids(MOST_REPORTS)) {
            if (reports.summary(id)
                    .filter(summary -> summary.path("store").asText().equals("backup"))
                    .filter(summary -> isSince(summary.path("ended").asText(), lastRun))
                    .isPresent()) {
                reports.findings(id, this::mend);
            }
        }
        bringing.await();
        return replaced;
    }

    /** How many could not be replaced. */
    long left() {
        return left;
    }

    private static boolean isSince(String ended, Optional<Instant> lastRun) {
        return lastRun.isEmpty() || ended.isEmpty() || Instant.parse(ended).isAfter(lastRun.get());
    }

    private void mend(Finding wrong) {
        switch (wrong.code()) {
            case BLOB_DIGEST_MISMATCH -> replace(Digest.parse(wrong.subject()));
            case BLOB_TRUNCATED, BLOB_MISSING -> {
                if (wrong.subject().startsWith("sha")) {
                    bring(sides.layout().blobKey(Digest.parse(wrong.subject())));
                }
            }
            case LINK_EMPTY, LINK_MALFORMED, LINK_DANGLING, LAYER_LINK_MISSING -> bring(wrong.subject());
            default -> {}
        }
    }

    private void bring(String key) {
        bringing.bring(key, false, fate -> {});
    }

    private void replace(Digest digest) {
        permit.require();
        try {
            BlobCopy copy = copying.blobs().replace(digest).join();
            if (copy.inBackup()) {
                replaced++;
            } else {
                left++;
                found.accept(new Finding(
                        FindingCode.BLOB_DIGEST_MISMATCH,
                        digest.toString(),
                        "The backup's is damaged, and the registry has no good one: push the image again. "
                                + copy.problem()));
            }
        } catch (CompletionException e) {
            left++;
            found.accept(new Finding(
                    FindingCode.COULD_NOT_TELL,
                    digest.toString(),
                    "Failed to replace the damaged blob in the backup: "
                            + String.valueOf(
                                    e.getCause() == null
                                            ? e.getMessage()
                                            : e.getCause().getMessage())));
        }
    }
}
