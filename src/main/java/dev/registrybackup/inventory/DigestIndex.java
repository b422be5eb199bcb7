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
    private static final int CHUNK = 1 << 12;
    private static final HexFormat HEX = HexFormat.of();

    /** The four words of each number, as many numbers to a chunk. */
    private final List<long[]> chunks = new ArrayList<>();

    private final Map<Digest, Integer> numbersOfOthers = new HashMap<>();
    private final Map<Integer, Digest> others = new HashMap<>();
    /** One more than a number, in the first place that was free from where its digest belongs; 0 where none is. */
    private int[] places = new int[1 << 10];

    private int count;

    /** How many there are. */
    public int count() {
        return count;
    }

    /** The number of the digest, if it has one. */
    public OptionalInt find(Digest digest) {
        if (digest.algorithm() != DigestAlgorithm.SHA256) {
            Integer number = numbersOfOthers.get(digest);
            return number == null ? OptionalInt.empty() : OptionalInt.of(number);
        }
        int number = places[place(words(digest))] - 1;
        return number < 0 ? OptionalInt.empty() : OptionalInt.of(number);
    }

    /** The number of the digest, a new one if it has none. */
    public int number(Digest digest) {
        OptionalInt known = find(digest);
        return known.isPresent() ? known.getAsInt() : add(digest);
    }

    private int add(Digest digest) {
        if (count % CHUNK == 0) {
            chunks.add(new long[CHUNK * WORDS]);
        }
        if (digest.algorithm() == DigestAlgorithm.SHA256) {
            long[] words = words(digest);
            System.arraycopy(words, 0, chunks.get(count / CHUNK), count % CHUNK * WORDS, WORDS);
            places[place(words)] = count + 1;
        } else {
            numbersOfOthers.put(digest, count);
            others.put(count, digest);
        }
        count++;
        if (count > places.length / 2) {
            spread();
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
        System.arraycopy(chunks.get(number / CHUNK), number % CHUNK * WORDS, words, 0, WORDS);
        return words;
    }

    /** Where that digest is, or the free place where it would be. Digests are as good as random: their bits are a hash. */
    private int place(long[] words) {
        int mask = places.length - 1;
        int place = Long.hashCode(words[0]) & mask;
        while (places[place] != 0 && !isOf(places[place] - 1, words)) {
            place = (place + 1) & mask;
        }
        return place;
    }

    private boolean isOf(int number, long[] words) {
        long[] chunk = chunks.get(number / CHUNK);
        int at = number % CHUNK * WORDS;
        return chunk[at] == words[0]
                && chunk[at + 1] == words[1]
                && chunk[at + 2] == words[2]
                && chunk[at + 3] == words[3];
    }

    private void spread() {
        places = new int[places.length * 2];
        for (int number = 0; number < count; number++) {
            if (!others.containsKey(number)) {
                places[place(words(number))] = number + 1;
            }
        }
    }
}
