package dev.registrybackup.verify;

import dev.registrybackup.inventory.DigestIndex;
import dev.registrybackup.registry.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The state of many blobs in compact form: a million take less than 60 MB. Safe for use by many threads, so that
 * threads reading blobs can record results.
 */
final class BlobStates {
    private static final int CHUNK_SIZE = 1 << 12;
    private static final int SIZE_BITS = 56;
    private static final long SIZE_MASK = (1L << SIZE_BITS) - 1;

    /** Everything below is guarded by this. */
    private final DigestIndex digestIndex = new DigestIndex();
    /** By blob number, in chunks: the size in the low bits, the marks in the high bits. */
    private final List<long[]> states = new ArrayList<>();

    /** A fact about a blob. At most eight marks fit. */
    enum Mark {
        /** The store has it. */
        PRESENT(0),
        /** The blob is missing from the store. */
        ABSENT(1),
        /** The store did not answer, or the blob cannot be read. */
        UNKNOWN(2),
        /** It may belong to a running push. */
        RECENT(3),
        /** Something references it. */
        REACHABLE(4),
        /** Its bytes match its digest. */
        VERIFIED(5),
        /** Its bytes do not match its digest. */
        CORRUPT(6),
        /** A finding for its absence or wrong size was reported. */
        REPORTED(7);

        private final long bit;

        Mark(int number) {
            this.bit = 1L << (SIZE_BITS + number);
        }
    }

    /** Records that the store has the blob, with this size in bytes. */
    synchronized void markPresent(Digest digest, long size) {
        int number = numberOf(digest);
        long marks = state(number) & ~SIZE_MASK & ~Mark.ABSENT.bit;
        set(number, marks | Mark.PRESENT.bit | (size & SIZE_MASK));
    }

    /** The blob is missing from the store. */
    synchronized void markAbsent(Digest digest) {
        int number = numberOf(digest);
        set(number, (state(number) & ~SIZE_MASK & ~Mark.PRESENT.bit) | Mark.ABSENT.bit);
    }

    /** Sets the mark; returns whether it was not set before. */
    synchronized boolean mark(Digest digest, Mark mark) {
        int number = numberOf(digest);
        long before = state(number);
        set(number, before | mark.bit);
        return (before & mark.bit) == 0;
    }

    /** Whether the blob has this mark. */
    synchronized boolean hasMark(Digest digest, Mark mark) {
        return (stateOf(digest) & mark.bit) != 0;
    }

    /** Whether its presence was checked. */
    synchronized boolean isKnown(Digest digest) {
        return (stateOf(digest) & (Mark.PRESENT.bit | Mark.ABSENT.bit | Mark.UNKNOWN.bit)) != 0;
    }

    /** Its size in bytes; empty unless the store has it. */
    synchronized OptionalLong size(Digest digest) {
        long state = stateOf(digest);
        return (state & Mark.PRESENT.bit) == 0 ? OptionalLong.empty() : OptionalLong.of(state & SIZE_MASK);
    }

    /** Visits all blobs known at the time of the call, oldest entry first. The consumer may mark them. */
    void forEach(Consumer<Digest> consumer) {
        int count = count();
        for (int number = 0; number < count; number++) {
            consumer.accept(digest(number));
        }
    }

    private synchronized int count() {
        return digestIndex.count();
    }

    private synchronized Digest digest(int number) {
        return digestIndex.digest(number);
    }

    private int numberOf(Digest digest) {
        int number = digestIndex.findOrAdd(digest);
        if (number / CHUNK_SIZE == states.size()) {
            states.add(new long[CHUNK_SIZE]);
        }
        return number;
    }

    private long stateOf(Digest digest) {
        OptionalInt number = digestIndex.find(digest);
        return number.isPresent() ? state(number.getAsInt()) : 0;
    }

    private long state(int number) {
        return states.get(number / CHUNK_SIZE)[number % CHUNK_SIZE];
    }

    private void set(int number, long state) {
        states.get(number / CHUNK_SIZE)[number % CHUNK_SIZE] = state;
    }
}
