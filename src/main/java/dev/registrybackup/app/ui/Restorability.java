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
 * @param level how much that wants to be looked at
 * @param sentence the sentence
 * @param known as of when it is true, UTC; empty if nothing is known
 */
record Restorability(Level level, String sentence, Optional<Instant> known) {
    /** What was verified longer ago may have become otherwise. */
    static final Duration OLD = Duration.ofDays(1);

    static Restorability of(
            Reading<LastVerification.Said> verification, Reading<RestorableShare.Said> items, Instant now) {
        if (verification.value().isEmpty()) {
            return unknown("Whether everything can be restored is not known: the record of it could not be read");
        }
        LastVerification.Said said = verification.value().get();
        if (said.ended().isEmpty()) {
            return unknown("Whether everything can be restored is not known: nothing has been verified yet");
        }
        Restorability images = ofImages(said);
        boolean lacksItems = items.value()
                .filter(share -> share.restorable() < share.items())
                .isPresent();
        Level level = images.level() == Level.GOOD && isOld(said, now) ? Level.LOOK : images.level();
        return new Restorability(
                lacksItems ? Level.BAD : level,
                images.sentence() + items.value().map(Restorability::ofItems).orElse(""),
                said.begun().or(said::ended));
    }

    private static Restorability unknown(String sentence) {
        return new Restorability(Level.UNKNOWN, sentence, Optional.empty());
    }

    private static Restorability ofImages(LastVerification.Said said) {
        long images = said.images();
        long lacking = images - said.restorable() - said.untold();
        String untold =
                said.untold() == 0 ? "" : ", and of %s it could not be told".formatted(Formats.number(said.untold()));
        if (images == 0) {
            return new Restorability(Level.LOOK, "The backup holds no images", said.ended());
        }
        if (lacking > 0) {
            String sentence = "%s of %s cannot be restored%s"
                    .formatted(Formats.number(lacking), Formats.count(images, "image"), untold);
            return new Restorability(Level.BAD, sentence, said.ended());
        }
        if (said.untold() > 0) {
            String sentence = "%s of %s can be restored%s"
                    .formatted(Formats.number(said.restorable()), Formats.count(images, "image"), untold);
            return new Restorability(Level.LOOK, sentence, said.ended());
        }
        String sentence = images == 1
                ? "The one image can be restored"
                : "All %s images can be restored".formatted(Formats.number(images));
        return new Restorability(Level.GOOD, sentence, said.ended());
    }

    private static String ofItems(RestorableShare.Said share) {
        return share.restorable() < share.items()
                ? "; %s of %s of ImageStreams cannot"
                        .formatted(
                                Formats.number(share.items() - share.restorable()),
                                Formats.count(share.items(), "item"))
                : "";
    }

    /** Whether it is time to verify again; also if nothing was ever verified. */
    static boolean isOld(LastVerification.Said said, Instant now) {
        return said.ended()
                .filter(ended -> Duration.between(ended, now).compareTo(OLD) <= 0)
                .isEmpty();
    }
}
