package dev.registrybackup.inventory;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Numbers digests from 0 in the order of insertion. Each sha256 digest takes 32 bytes plus 8 to 16 in the hash table,
 * several times less than objects would. The rare sha512 digests are kept as objects. For one thread at a time.
 */
public final class DigestIndex {
    private static final int WORDS = 4;
    private static final int WORD_DIGITS = 16;
    private static final int CHUNK_SIZE = 1 << 12;
    private static final HexFormat HEX = HexFormat.of();

    /** The four words of each digest, in chunks. */
    private final List<long[]> chunks = new ArrayList<>();

    private final Map<Digest, Integer> otherNumbers = new HashMap<>();
    private final Map<Integer, Digest> others = new HashMap<>();
    /** Open addressing: a digest's number plus one in its slot; 0 if the slot is free. */
    private int[] slots = new int[1 << 10];

    private int count;

    /** How many digests there are. */
    public int count() {
        return count;
    }

    /** The number of the digest; empty if it has none. */
    public OptionalInt find(Digest digest) {
        if (digest.algorithm() != DigestAlgorithm.SHA256) {
            Integer number = otherNumbers.get(digest);
            return number == null ? OptionalInt.empty() : OptionalInt.of(number);
        }
        int number = slots[slot(words(digest))] - 1;
        return number < 0 ? OptionalInt.empty() : OptionalInt.of(number);
    }

    /** The number of the digest; adds it if it has none. */
    public int findOrAdd(Digest digest) {
        OptionalInt known = find(digest);
        return known.isPresent() ? known.getAsInt() : add(digest);
    }

    private int add(Digest digest) {
        if (count % CHUNK_SIZE == 0) {
            chunks.add(new long[CHUNK_SIZE * WORDS]);
        }
        if (digest.algorithm() == DigestAlgorithm.SHA256) {
            long[] words = words(digest);
            System.arraycopy(words, 0, chunks.get(count / CHUNK_SIZE), count % CHUNK_SIZE * WORDS, WORDS);
            slots[slot(words)] = count + 1;
        } else {
            otherNumbers.put(digest, count);
            others.put(count, digest);
        }
        count++;
        if (count > slots.length / 2) {
            rehash();
        }
        return count - 1;
    }

    /** The digest with this number. */
    public Digest digest(int number) {
        Digest other = others.get(number);
        if (other != null) {
            return other;
        }
        StringBuilder hex = new StringBuilder(DigestAlgorithm.SHA256.hexLength());
        for (long word : words(number)) {
            hex.append(HEX.toHexDigits(word));
        }
        return new Digest(DigestAlgorithm.SHA256, hex.toString());
    }

    private static long[] words(Digest digest) {
        long[] words = new long[WORDS];
        for (int word = 0; word < WORDS; word++) {
            int from = word * WORD_DIGITS;
            words[word] = HexFormat.fromHexDigitsToLong(digest.hex(), from, from + WORD_DIGITS);
        }
        return words;
    }

    private long[] words(int number) {
        long[] words = new long[WORDS];
        System.arraycopy(chunks.get(number / CHUNK_SIZE), number % CHUNK_SIZE * WORDS, words, 0, WORDS);
        return words;
    }

    /** The slot of the digest, or the free slot for it. Digests are random enough to be their own hash. */
    private int slot(long[] words) {
        int mask = slots.length - 1;
        int place = Long.hashCode(words[0]) & mask;
        while (slots[place] != 0 && !isDigestAt(slots[place] - 1, words)) {
            place = (place + 1) & mask;
        }
        return place;
    }

    private boolean isDigestAt(int number, long[] words) {
        long[] chunk = chunks.get(number / CHUNK_SIZE);
        int at = number % CHUNK_SIZE * WORDS;
        return Arrays.equals(chunk, at, at + WORDS, words, 0, WORDS);
    }

    private void rehash() {
        slots = new int[slots.length * 2];
        for (int number = 0; number < count; number++) {
            if (!others.containsKey(number)) {
                slots[slot(words(number))] = number + 1;
            }
        }
    }
}
