package dev.registrybackup.verify;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Held;
import dev.registrybackup.store.ObjectInfo;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.store.StoreError;
import dev.registrybackup.transfer.Origin;
import dev.registrybackup.transfer.Pace;
import dev.registrybackup.transfer.Window;
import dev.registrybackup.verify.BlobTable.Mark;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/** Reads blobs to their end and marks whether their bytes are what their digests say. */
final class BlobProofs {
    private static final int AT_ONCE = 16;

    private final Inquiry inquiry;
    private final BlobTable table;
    private final Tally tally;
    private final Pace pace;

    BlobProofs(Inquiry inquiry, Pace pace) {
        this.inquiry = inquiry;
        this.table = inquiry.table();
        this.tally = inquiry.tally();
        this.pace = pace;
    }

    /** Whether it is held and still has to be read. */
    boolean isOpen(Digest digest) {
        return table.is(digest, Mark.HELD)
                && !table.is(digest, Mark.PROVED)
                && !table.is(digest, Mark.CORRUPT)
                && !table.is(digest, Mark.UNTOLD);
    }

    /** Of the whole table, those that are chosen; each that is corrupt is reported. */
    void proveAll(Predicate<Digest> chosen) {
        Predicate<Digest> open = digest -> chosen.test(digest) && isOpen(digest);
        table.forEach(digest -> {
            if (open.test(digest)) {
                tally.expectBytes(table.size(digest).orElse(0));
            }
        });
        Window window = new Window(inquiry.lanes(), AT_ONCE);
        table.forEach(digest -> {
            if (open.test(digest)) {
                submit(window, digest, true);
            }
        });
        window.await();
    }

    /**
     * These, as far as they still have to be.
     *
     * @param reports whether each that is corrupt is reported
     */
    void prove(Iterable<Digest> digests, boolean reports) {
        Window window = new Window(inquiry.lanes(), AT_ONCE);
        for (Digest digest : digests) {
            if (isOpen(digest)) {
                tally.expectBytes(table.size(digest).orElse(0));
                submit(window, digest, reports);
            }
        }
        window.await();
    }

    /** Says that its bytes are something else, which somebody read. */
    void corrupt(Digest digest) {
        if (table.mark(digest, Mark.CORRUPT)) {
            tally.found(
                    FindingCode.BLOB_DIGEST_MISMATCH,
                    digest.toString(),
                    "The bytes of this blob are not what its digest says; pushing it again does not mend it, since a"
                            + " registry writes no blob that is there: " + inquiry.remedy());
        }
    }

    private void submit(Window window, Digest digest, boolean reports) {
        tally.require();
        OptionalLong size = table.size(digest);
        size.ifPresent(bytes -> window.submit(bytes, () -> prove(digest, bytes, reports)));
    }

    private void prove(Digest digest, long size, boolean reports) {
        try {
            boolean isGood = origin(digest, size).proves(digest);
            tally.readBytes(size);
            if (isGood) {
                table.mark(digest, Mark.PROVED);
            } else if (reports) {
                corrupt(digest);
            } else {
                table.mark(digest, Mark.CORRUPT);
            }
        } catch (ObjectStoreException e) {
            tally.passBytes(size);
            if (e.error() == StoreError.NOT_FOUND) {
                table.miss(digest);
            } else {
                table.mark(digest, Mark.UNTOLD);
                tally.untold(digest.toString(), e);
            }
        }
    }

    /** Whatever is there now: a blob that was mended meanwhile is good. */
    private Origin origin(Digest digest, long size) {
        ObjectInfo object =
                new Held(size, "", Optional.empty()).info(inquiry.layout().blobKey(digest));
        return new Origin(inquiry.store(), object, Optional.empty(), pace);
    }
}
