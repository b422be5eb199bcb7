package dev.registrybackup.verify;

import dev.registrybackup.inventory.DigestIndex;
import dev.registrybackup.registry.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * What is known of many blobs, in few words: a million take less than 60 MB. Safe for use by many threads, so that those
 * which read blobs can say what they found.
 */
final class BlobStates {
    private static final int CHUNK_SIZE = 1 << 12;
    private static final int SIZE_BITS = 56;
    private static final long SIZE_MASK = (1L << SIZE_BITS) - 1;

    /** Everything below is guarded by this. */
    private final DigestIndex digestIndex = new DigestIndex();
    /** By number, as many to a chunk: the size in the low bits, the marks in the high ones. */
    private final List<long[]> states = new ArrayList<>();

    /** What may be known of a blob. There is room for eight. */
    enum Mark {
        /** The store has it. */
        PRESENT(0),
        /** The store has none. */
        ABSENT(1),
        /** The store did not say, or did not let it be read. */
        UNKNOWN(2),
        /** It may belong to a push under way. */
        RECENT(3),
        /** Something needs it. */
        REACHABLE(4),
        /** Its bytes are what its digest says. */
        VERIFIED(5),
        /** Its bytes are something else. */
        CORRUPT(6),
        /** That it is missing, or has the wrong size, was reported. */
        REPORTED(7);

        private final long bit;

        Mark(int number) {
            this.bit = 1L << (SIZE_BITS + number);
        }
    }

    /** The store has it, in that size. */
    synchronized void markPresent(Digest digest, long size) {
        int number = numberOf(digest);
        long marks = state(number) & ~SIZE_MASK & ~Mark.ABSENT.bit;
        set(number, marks | Mark.PRESENT.bit | (size & SIZE_MASK));
    }

    /** The store has none. */
    synchronized void markAbsent(Digest digest) {
        int number = numberOf(digest);
        set(number, (state(number) & ~SIZE_MASK & ~Mark.PRESENT.bit) | Mark.ABSENT.bit);
    }

    /** Marks it, and says whether it was not marked so before. */
    synchronized boolean mark(Digest digest, Mark mark) {
        int number = numberOf(digest);
        long before = state(number);
        set(number, before | mark.bit);
        return (before & mark.bit) == 0;
    }

    /** Whether it is marked so. */
    synchronized boolean hasMark(Digest digest, Mark mark) {
        return (stateOf(digest) & mark.bit) != 0;
    }

    /** Whether the store was asked for it. */
    synchronized boolean isKnown(Digest digest) {
        return (stateOf(digest) & (Mark.PRESENT.bit | Mark.ABSENT.bit | Mark.UNKNOWN.bit)) != 0;
    }

    /** Its size in bytes; empty unless it is held. */
    synchronized OptionalLong size(Digest digest) {
        long state = stateOf(digest);
        return (state & Mark.PRESENT.bit) == 0 ? OptionalLong.empty() : OptionalLong.of(state & SIZE_MASK);
    }

    /** All that are known when it is called, in the order in which they became so. The consumer may mark them. */
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
