package dev.registrybackup.reconcile;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.operation.Reports;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.transfer.BlobCopy;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Origin;
import dev.registrybackup.transfer.Pace;
import java.time.DateTimeException;
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
    private final Pace pace;
    private final Permit permit;
    private final Consumer<Finding> found;
    private long replaced;
    private long left;

    /**
     * Replaces what the reports say.
     *
     * @param pace how fast blobs are read that are looked at again before they are replaced
     */
    Damaged(
            Reports reports,
            Sides sides,
            Copying copying,
            Bringing bringing,
            Pace pace,
            Permit permit,
            Consumer<Finding> found) {
        this.reports = reports;
        this.sides = sides;
        this.copying = copying;
        this.bringing = bringing;
        this.pace = pace;
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

    /** One that does not say when is read too: nothing is replaced that is good by now. */
    private static boolean isSince(String ended, Optional<Instant> lastRun) {
        try {
            return lastRun.isEmpty() || Instant.parse(ended).isAfter(lastRun.get());
        } catch (DateTimeException e) {
            return true;
        }
    }

    private void mend(Finding wrong) {
        switch (wrong.code()) {
            case BLOB_DIGEST_MISMATCH -> digest(wrong).ifPresent(this::replace);
            case BLOB_TRUNCATED, BLOB_MISSING ->
                digest(wrong).map(sides.layout()::blobKey).ifPresent(this::bring);
            case LINK_EMPTY, LINK_MALFORMED, LINK_DANGLING, LAYER_LINK_MISSING -> bring(wrong.subject());
            default -> {}
        }
    }

    /** Empty if it is an image that is wrong and not a blob. */
    private static Optional<Digest> digest(Finding wrong) {
        try {
            return Optional.of(Digest.parse(wrong.subject()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private void bring(String key) {
        bringing.bring(key, false, fate -> {});
    }

    private void replace(Digest digest) {
        permit.require();
        try {
            if (!isDamaged(digest)) {
                return;
            }
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
        } catch (CompletionException | ObjectStoreException e) {
            left++;
            found.accept(new Finding(
                    FindingCode.COULD_NOT_TELL,
                    digest.toString(),
                    "Failed to replace the damaged blob in the backup: "
                            + Lanes.cause(e).getMessage()));
        }
    }

    /** It may have been replaced or removed since it was found. What is not there, the comparison deals with. */
    private boolean isDamaged(Digest digest) {
        return sides.backup()
                .find(sides.layout().blobKey(digest))
                .filter(copy -> !new Origin(sides.backup(), copy, Optional.empty(), pace).proves(digest))
                .isPresent();
    }
}
