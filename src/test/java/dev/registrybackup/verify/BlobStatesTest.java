package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.verify.BlobStates.Mark;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BlobStatesTest {
    private final BlobStates blobStates = new BlobStates();

    private static Digest digest(int number) {
        return Digest.of(
                number % 10 == 0 ? DigestAlgorithm.SHA512 : DigestAlgorithm.SHA256,
                ("blob " + number).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void theStatesOfManyBlobsAreKept() {
        // Given
        Random random = new Random(1);
        List<Mark> all = List.of(Mark.values());
        Map<Digest, Long> sizes = new HashMap<>();
        Map<Digest, Set<Mark>> marks = new HashMap<>();

        // When
        for (int step = 0; step < 50_000; step++) {
            Digest digest = digest(random.nextInt(20_000));
            Mark mark = all.get(random.nextInt(all.size()));
            if (mark == Mark.PRESENT) {
                long size = random.nextLong(1L << 50);
                blobStates.markPresent(digest, size);
                sizes.put(digest, size);
                marks.computeIfAbsent(digest, fresh -> EnumSet.noneOf(Mark.class))
                        .remove(Mark.ABSENT);
            } else if (mark == Mark.ABSENT) {
                blobStates.markAbsent(digest);
                sizes.remove(digest);
                marks.computeIfAbsent(digest, fresh -> EnumSet.noneOf(Mark.class))
                        .add(Mark.ABSENT);
            } else {
                blobStates.mark(digest, mark);
                marks.computeIfAbsent(digest, fresh -> EnumSet.noneOf(Mark.class))
                        .add(mark);
            }
        }

        // Then
        for (int number = 0; number < 20_000; number++) {
            Digest digest = digest(number);
            Long size = sizes.get(digest);
            assertEquals(size == null ? OptionalLong.empty() : OptionalLong.of(size), blobStates.size(digest));
            assertEquals(size != null, blobStates.hasMark(digest, Mark.PRESENT));
            for (Mark mark : EnumSet.complementOf(EnumSet.of(Mark.PRESENT))) {
                assertEquals(marks.getOrDefault(digest, Set.of()).contains(mark), blobStates.hasMark(digest, mark));
            }
        }
    }

    @Test
    void allAreVisitedInTheOrderInWhichTheyCame() {
        // Given
        List<Digest> came = new ArrayList<>();
        for (int number = 0; number < 10_000; number++) {
            came.add(digest(number));
            blobStates.markPresent(digest(number), number);
        }

        // When
        List<Digest> listed = new ArrayList<>();
        blobStates.forEach(listed::add);

        // Then
        assertEquals(came, listed);
    }

    @Test
    void onlyRequestedBlobsAreKnown() {
        // When
        blobStates.mark(digest(1), Mark.REACHABLE);
        blobStates.mark(digest(2), Mark.UNKNOWN);
        blobStates.markAbsent(digest(3));
        blobStates.markPresent(digest(4), 0);

        // Then
        assertFalse(blobStates.isKnown(digest(1)));
        assertTrue(blobStates.isKnown(digest(2)));
        assertTrue(blobStates.isKnown(digest(3)));
        assertTrue(blobStates.isKnown(digest(4)));
        assertFalse(blobStates.isKnown(digest(5)));
    }

    @Test
    void aMarkIsSetForTheFirstTimeOnce() {
        // Given
        boolean first = blobStates.mark(digest(1), Mark.REPORTED);

        // When
        boolean again = blobStates.mark(digest(1), Mark.REPORTED);

        // Then
        assertEquals(List.of(true, false), List.of(first, again));
    }
}
