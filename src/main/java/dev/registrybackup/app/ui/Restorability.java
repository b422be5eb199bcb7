package dev.registrybackup.app.ui;

import dev.registrybackup.verify.LastVerification.VerificationRecord;
import dev.registrybackup.verify.RestorableShare.ShareRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Whether everything can be restored, in a sentence.
 *
 * @param level how urgent it is
 * @param sentence the sentence
 * @param knownSince the time as of which it is true, UTC; empty if nothing is known
 */
record Restorability(Level level, String sentence, Optional<Instant> knownSince) {
    /** An older verification may no longer be true. */
    static final Duration STALE_AFTER = Duration.ofDays(1);

    static Restorability of(Optional<VerificationRecord> verification, Optional<ShareRecord> items, Instant now) {
        if (verification.flatMap(VerificationRecord::finishedAt).isEmpty()) {
            String reason = verification.isEmpty() ? "the record could not be read" : "nothing has been verified yet";
            return new Restorability(
                    Level.UNKNOWN, "It is unknown whether everything can be restored: " + reason, Optional.empty());
        }
        VerificationRecord images = verification.get();
        Level level = ofImages(images);
        if (level == Level.GOOD && isOld(images, now)) {
            level = Level.WARN;
        }
        String sentence = sentence(images);
        long incompleteItems =
                items.map(share -> share.items() - share.restorable()).orElse(0L);
        if (incompleteItems > 0) {
            level = Level.BAD;
            sentence += "; %s of %s of ImageStreams cannot"
                    .formatted(
                            Formats.number(incompleteItems),
                            Formats.count(items.get().items(), "item"));
        }
        return new Restorability(level, sentence, images.startedAt().or(images::finishedAt));
    }

    private static Level ofImages(VerificationRecord images) {
        if (images.restorable() + images.unknown() < images.images()) {
            return Level.BAD;
        }
        return images.images() == 0 || images.unknown() > 0 ? Level.WARN : Level.GOOD;
    }

    private static String sentence(VerificationRecord images) {
        long incomplete = images.images() - images.restorable() - images.unknown();
        String all = Formats.count(images.images(), "image");
        String unknown = images.unknown() == 0 ? "" : ", %s unknown".formatted(Formats.number(images.unknown()));
        if (images.images() == 0) {
            return "The backup has no images";
        } else if (incomplete > 0) {
            return "%s of %s cannot be restored%s".formatted(Formats.number(incomplete), all, unknown);
        } else if (images.unknown() > 0) {
            return "%s of %s can be restored%s".formatted(Formats.number(images.restorable()), all, unknown);
        }
        return images.images() == 1 ? "The one image can be restored" : "All %s can be restored".formatted(all);
    }

    /** Whether the last verification is too old, or there was none. */
    static boolean isOld(VerificationRecord verificationRecord, Instant now) {
        return verificationRecord
                .finishedAt()
                .filter(finishedAt -> Duration.between(finishedAt, now).compareTo(STALE_AFTER) <= 0)
                .isEmpty();
    }
}
