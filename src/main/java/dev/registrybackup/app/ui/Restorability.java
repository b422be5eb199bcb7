package dev.registrybackup.app.ui;

import dev.registrybackup.app.ui.Row.Level;
import dev.registrybackup.verify.LastVerification;
import dev.registrybackup.verify.RestorableShare;
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

    static Restorability of(
            Reading<LastVerification.VerificationRecord> verification,
            Reading<RestorableShare.ShareRecord> items,
            Instant now) {
        if (verification.value().isEmpty()) {
            return unknown("It is unknown whether everything can be restored: the record could not be read");
        }
        LastVerification.VerificationRecord verificationRecord =
                verification.value().get();
        if (verificationRecord.finishedAt().isEmpty()) {
            return unknown("It is unknown whether everything can be restored: nothing has been verified yet");
        }
        Restorability images = ofImages(verificationRecord);
        boolean lacksItems = items.value()
                .filter(share -> share.restorable() < share.items())
                .isPresent();
        Level level = images.level() == Level.GOOD && isOld(verificationRecord, now) ? Level.WARN : images.level();
        return new Restorability(
                lacksItems ? Level.BAD : level,
                images.sentence() + items.value().map(Restorability::ofItems).orElse(""),
                verificationRecord.startedAt().or(verificationRecord::finishedAt));
    }

    private static Restorability unknown(String sentence) {
        return new Restorability(Level.UNKNOWN, sentence, Optional.empty());
    }

    private static Restorability ofImages(LastVerification.VerificationRecord verificationRecord) {
        long images = verificationRecord.images();
        long incomplete = images - verificationRecord.restorable() - verificationRecord.unknown();
        String unknown = verificationRecord.unknown() == 0
                ? ""
                : ", %s unknown".formatted(Formats.number(verificationRecord.unknown()));
        if (images == 0) {
            return new Restorability(Level.WARN, "The backup has no images", verificationRecord.finishedAt());
        }
        if (incomplete > 0) {
            String sentence = "%s of %s cannot be restored%s"
                    .formatted(Formats.number(incomplete), Formats.count(images, "image"), unknown);
            return new Restorability(Level.BAD, sentence, verificationRecord.finishedAt());
        }
        if (verificationRecord.unknown() > 0) {
            String sentence = "%s of %s can be restored%s"
                    .formatted(
                            Formats.number(verificationRecord.restorable()), Formats.count(images, "image"), unknown);
            return new Restorability(Level.WARN, sentence, verificationRecord.finishedAt());
        }
        String sentence = images == 1
                ? "The one image can be restored"
                : "All %s images can be restored".formatted(Formats.number(images));
        return new Restorability(Level.GOOD, sentence, verificationRecord.finishedAt());
    }

    private static String ofItems(RestorableShare.ShareRecord share) {
        return share.restorable() < share.items()
                ? "; %s of %s of ImageStreams cannot"
                        .formatted(
                                Formats.number(share.items() - share.restorable()),
                                Formats.count(share.items(), "item"))
                : "";
    }

    /** Whether the last verification is too old, or there was none. */
    static boolean isOld(LastVerification.VerificationRecord verificationRecord, Instant now) {
        return verificationRecord
                .finishedAt()
                .filter(finishedAt -> Duration.between(finishedAt, now).compareTo(STALE_AFTER) <= 0)
                .isEmpty();
    }
}
