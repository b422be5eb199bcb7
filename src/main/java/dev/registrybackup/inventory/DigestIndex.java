package dev.registrybackup.inventory;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Numbers digests from 0 in the order in which they come: 32 bytes for each of sha256 and 8 to 16 to find it by, where the
 * objects would take several times that. Those of sha512, which are rare, are kept as objects. For one thread at a time.
 */
public final class DigestIndex {
    private static final int WORDS = 4;
    private static final int WORD_DIGITS = 16;
    private static final int CHUNK_SIZE = 1 << 12;
    private static final HexFormat HEX = HexFormat.of();

    /** The four words of each number, as many numbers to a chunk. */
    private final List<long[]> chunks = new ArrayList<>();

    private final Map<Digest, Integer> otherNumbers = new HashMap<>();
    private final Map<Integer, Digest> others = new HashMap<>();
    /** One more than a number, in the first place that was free from where its digest belongs; 0 where none is. */
    private int[] slots = new int[1 << 10];

    private int count;

    /** How many there are. */
    public int count() {
        return count;
    }

    /** The number of the digest, if it has one. */
    public OptionalInt find(Digest digest) {
        if (digest.algorithm() != DigestAlgorithm.SHA256) {
            Integer number = otherNumbers.get(digest);
            return number == null ? OptionalInt.empty() : OptionalInt.of(number);
        }
        int number = slots[slot(words(digest))] - 1;
        return number < 0 ? OptionalInt.empty() : OptionalInt.of(number);
    }

    /** The number of the digest, a new one if it has none. */
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

    /** The digest of that number. */
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

    /** Where that digest is, or the free place where it would be. Digests are as good as random: their bits are a hash. */
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
        return chunk[at] == words[0]
                && chunk[at + 1] == words[1]
                && chunk[at + 2] == words[2]
                && chunk[at + 3] == words[3];
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
