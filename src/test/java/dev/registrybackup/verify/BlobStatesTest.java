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
    private final BlobStates table = new BlobStates();

    private static Digest digest(int number) {
        return Digest.of(
                number % 10 == 0 ? DigestAlgorithm.SHA512 : DigestAlgorithm.SHA256,
                ("blob " + number).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void whatWasSaidOfManyBlobsIsKept() {
        // Given
        Random random = new Random(1);
        List<Mark> all = List.of(Mark.values());
        Map<Digest, Long> sizes = new HashMap<>();
        Map<Digest, Set<Mark>> marks = new HashMap<>();

        // When
        for (int step = 0; step < 50_000; step++) {
            Digest digest = digest(random.nextInt(20_000));
            Mark mark = all.get(random.nextInt(all.size()));
            if (mark == Mark.HELD) {
                long size = random.nextLong(1L << 50);
                table.hold(digest, size);
                sizes.put(digest, size);
                marks.computeIfAbsent(digest, fresh -> EnumSet.noneOf(Mark.class))
                        .remove(Mark.ABSENT);
            } else if (mark == Mark.ABSENT) {
                table.miss(digest);
                sizes.remove(digest);
                marks.computeIfAbsent(digest, fresh -> EnumSet.noneOf(Mark.class))
                        .add(Mark.ABSENT);
            } else {
                table.mark(digest, mark);
                marks.computeIfAbsent(digest, fresh -> EnumSet.noneOf(Mark.class))
                        .add(mark);
            }
        }

        // Then
        for (int number = 0; number < 20_000; number++) {
            Digest digest = digest(number);
            Long size = sizes.get(digest);
            assertEquals(size == null ? OptionalLong.empty() : OptionalLong.of(size), table.size(digest));
            assertEquals(size != null, table.is(digest, Mark.HELD));
            for (Mark mark : EnumSet.complementOf(EnumSet.of(Mark.HELD))) {
                assertEquals(marks.getOrDefault(digest, Set.of()).contains(mark), table.is(digest, mark));
            }
        }
    }

    @Test
    void allAreToldInTheOrderInWhichTheyCame() {
        // Given
        List<Digest> came = new ArrayList<>();
        for (int number = 0; number < 10_000; number++) {
            came.add(digest(number));
            table.hold(digest(number), number);
        }

        // When
        List<Digest> told = new ArrayList<>();
        table.forEach(told::add);

        // Then
        assertEquals(came, told);
    }

    @Test
    void onlyWhatTheStoreWasAskedForIsKnown() {
        // When
        table.mark(digest(1), Mark.NEEDED);
        table.mark(digest(2), Mark.UNTOLD);
        table.miss(digest(3));
        table.hold(digest(4), 0);

        // Then
        assertFalse(table.knows(digest(1)));
        assertTrue(table.knows(digest(2)));
        assertTrue(table.knows(digest(3)));
        assertTrue(table.knows(digest(4)));
        assertFalse(table.knows(digest(5)));
    }

    @Test
    void aMarkIsSetForTheFirstTimeOnce() {
        // Given
        boolean first = table.mark(digest(1), Mark.REPORTED);

        // When
        boolean again = table.mark(digest(1), Mark.REPORTED);

        // Then
        assertEquals(List.of(true, false), List.of(first, again));
    }
}
