package dev.registrybackup.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.RandomBytes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VerifyingInputStreamTest {
    private static final int SIZE = 10_000;
    private static final byte[] CONTENT = RandomBytes.of(SIZE);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void theRightBytesPassHoweverTheyAreReadAndHoweverTheyCome(long seed) throws IOException {
        // Given
        Random random = new Random(seed);
        InputStream stream = verifying(new Trickle(CONTENT, random), CONTENT);

        // When
        byte[] read = readInChunks(stream, random);

        // Then
        assertArrayEquals(CONTENT, read);
        assertEquals(-1, stream.read());
        assertEquals(-1, stream.read(new byte[10]));
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 2", "5000, 3", "5000, 4", "9999, 5", "9999, 6"})
    void aFlippedBitFailsBeforeTheLastBytesAreReturned(int position, long seed) {
        // Given
        Random random = new Random(seed);
        byte[] flipped = CONTENT.clone();
        flipped[position] ^= 1;
        InputStream stream = verifying(new Trickle(flipped, random), CONTENT);
        ByteArrayOutputStream returned = new ByteArrayOutputStream();

        // When
        DigestMismatchException mismatch =
                assertThrows(DigestMismatchException.class, () -> readInChunks(stream, random, returned));

        // Then
        assertTrue(returned.size() < SIZE, returned.size() + " bytes were returned");
        assertEquals(
                "Expected " + digest(CONTENT) + " but 10000 bytes hash to " + digest(flipped), mismatch.getMessage());
    }

    @Test
    void nothingComesAfterAMismatch() {
        // Given
        byte[] flipped = CONTENT.clone();
        flipped[0] ^= 1;
        InputStream stream = verifying(new ByteArrayInputStream(flipped), CONTENT);
        assertThrows(DigestMismatchException.class, stream::readAllBytes);

        // When
        EOFException failure = assertThrows(EOFException.class, stream::read);

        // Then
        assertEquals("Ended after 8192 of 10000 bytes", failure.getMessage());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5000, 9999})
    void anEarlyEndIsAnError(int bytes) {
        // Given
        byte[] beginning = Arrays.copyOf(CONTENT, bytes);
        InputStream stream = verifying(new ByteArrayInputStream(beginning), CONTENT);

        // When
        EOFException failure = assertThrows(EOFException.class, stream::readAllBytes);

        // Then
        assertEquals("Ended after " + bytes + " of 10000 bytes", failure.getMessage());
    }

    @Test
    void contentWithoutADigestPassesUnverified() throws IOException {
        // Given
        InputStream unverified =
                new VerifyingInputStream(new ByteArrayInputStream(CONTENT), SIZE, Optional.empty(), true);

        // When
        byte[] read = unverified.readAllBytes();

        // Then
        assertArrayEquals(CONTENT, read);
    }

    @Test
    void noByteBeyondTheLengthIsRead() throws IOException {
        // Given
        byte[] longer = Arrays.copyOf(CONTENT, SIZE + 5);
        InputStream source = new ByteArrayInputStream(longer);
        InputStream stream = verifying(source, CONTENT);

        // When
        byte[] read = stream.readAllBytes();

        // Then
        assertArrayEquals(CONTENT, read);
        assertEquals(5, source.available());
    }

    @Test
    void singleBytesAreVerifiedAndUnsigned() throws IOException {
        // Given
        byte[] content = {0, 1, 127, -128, -1};
        InputStream stream = verifying(new ByteArrayInputStream(content), content);

        // When
        int[] read = {stream.read(), stream.read(), stream.read(), stream.read(), stream.read(), stream.read()};

        // Then
        assertArrayEquals(new int[] {0, 1, 127, 128, 255, -1}, read);
    }

    @Test
    void theLastSingleByteOfWrongContentIsNotReturned() throws IOException {
        // Given
        InputStream stream = verifying(new ByteArrayInputStream(new byte[] {1, 2, 4}), new byte[] {1, 2, 3});

        // When
        int first = stream.read();
        int second = stream.read();

        // Then
        assertEquals(1, first);
        assertEquals(2, second);
        assertThrows(DigestMismatchException.class, stream::read);
    }

    @Test
    void skippedBytesAreVerifiedToo() throws IOException {
        // Given
        InputStream stream = verifying(new ByteArrayInputStream(CONTENT), CONTENT);

        // When
        stream.skipNBytes(SIZE - 1);
        int last = stream.read();

        // Then
        assertEquals(CONTENT[SIZE - 1] & 0xff, last);
        assertEquals(0, stream.skip(10));
        assertEquals(0, stream.skip(0));
        assertEquals(0, stream.skip(-1));
    }

    @Test
    void wrongBytesCannotBeSkipped() {
        // Given
        byte[] flipped = CONTENT.clone();
        flipped[17] ^= 1;
        InputStream stream = verifying(new ByteArrayInputStream(flipped), CONTENT);

        // When
        DigestMismatchException mismatch = assertThrows(DigestMismatchException.class, () -> stream.skipNBytes(SIZE));

        // Then
        assertEquals(
                "Expected " + digest(CONTENT) + " but 10000 bytes hash to " + digest(flipped), mismatch.getMessage());
    }

    @Test
    void emptyContentIsVerified() throws IOException {
        // Given
        InputStream stream = verifying(InputStream.nullInputStream(), new byte[0]);

        // When
        byte[] read = stream.readAllBytes();

        // Then
        assertEquals(0, read.length);
    }

    @Test
    void emptyContentOfAnotherDigestIsRefused() {
        // Given
        Optional<DigestVerifier> other = Optional.of(DigestVerifier.of(digest(CONTENT)));
        InputStream stream = new VerifyingInputStream(InputStream.nullInputStream(), 0, other, true);

        // When
        DigestMismatchException mismatch = assertThrows(DigestMismatchException.class, stream::read);

        // Then
        assertEquals(
                "Expected " + digest(CONTENT) + " but 0 bytes hash to " + digest(new byte[0]), mismatch.getMessage());
    }

    @Test
    void readingNothingIsNoEnd() throws IOException {
        // Given
        InputStream stream = verifying(new ByteArrayInputStream(CONTENT), CONTENT);

        // When
        int count = stream.read(new byte[10], 3, 0);

        // Then
        assertEquals(0, count);
        assertArrayEquals(CONTENT, stream.readAllBytes());
    }

    @Test
    void aPartThatIsReadAgainStartsFromACopyOfTheVerifier() throws IOException {
        // Given
        DigestVerifier start = DigestVerifier.of(digest(CONTENT));
        DigestVerifier halfRead = start.copy();
        part(CONTENT, 0, 6_000, halfRead, false).readNBytes(1_000);

        // When
        DigestVerifier afterFirst = start.copy();
        byte[] first = part(CONTENT, 0, 6_000, afterFirst, false).readAllBytes();
        DigestVerifier once = afterFirst.copy();
        part(CONTENT, 6_000, 4_000, once, true).readAllBytes();
        DigestVerifier again = afterFirst.copy();
        byte[] second = part(CONTENT, 6_000, 4_000, again, true).readAllBytes();

        // Then
        assertArrayEquals(Arrays.copyOf(CONTENT, 6_000), first);
        assertEquals(
                List.of(0L, 1_000L, 6_000L), List.of(start.bytesRead(), halfRead.bytesRead(), afterFirst.bytesRead()));
        assertArrayEquals(Arrays.copyOfRange(CONTENT, 6_000, SIZE), second);
    }

    @Test
    void aWrongFirstPartFailsAtTheEndOfTheLast() throws IOException {
        // Given
        byte[] flipped = CONTENT.clone();
        flipped[0] ^= 1;
        DigestVerifier verifier = DigestVerifier.of(digest(CONTENT));
        part(flipped, 0, 6_000, verifier, false).readAllBytes();
        InputStream last = part(flipped, 6_000, 4_000, verifier, true);

        // When
        DigestMismatchException mismatch = assertThrows(DigestMismatchException.class, () -> last.readNBytes(4_000));

        // Then
        assertEquals(
                "Expected " + digest(CONTENT) + " but 10000 bytes hash to " + digest(flipped), mismatch.getMessage());
    }

    @Test
    void goingBackIsNotOffered() {
        // When
        InputStream stream = verifying(new ByteArrayInputStream(CONTENT), CONTENT);

        // Then
        assertFalse(stream.markSupported());
    }

    private static Digest digest(byte[] content) {
        return Digest.of(DigestAlgorithm.SHA256, content);
    }

    private static InputStream verifying(InputStream source, byte[] expected) {
        DigestVerifier verifier = DigestVerifier.of(digest(expected));
        return new VerifyingInputStream(source, expected.length, Optional.of(verifier), true);
    }

    private static InputStream part(byte[] whole, int offset, int length, DigestVerifier verifier, boolean last) {
        return new VerifyingInputStream(
                new ByteArrayInputStream(whole, offset, length), length, Optional.of(verifier), last);
    }

    private static byte[] readInChunks(InputStream source, Random random) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        readInChunks(source, random, read);
        return read.toByteArray();
    }

    private static void readInChunks(InputStream source, Random random, ByteArrayOutputStream read) throws IOException {
        while (true) {
            byte[] buffer = new byte[1 + random.nextInt(2_000)];
            int offset = random.nextInt(buffer.length);
            int count = source.read(buffer, offset, buffer.length - offset);
            if (count < 0) {
                return;
            }
            read.write(buffer, offset, count);
        }
    }

    /** Gives fewer bytes than it is asked for, as a network does. */
    private static final class Trickle extends FilterInputStream {
        private final Random random;

        Trickle(byte[] content, Random random) {
            super(new ByteArrayInputStream(content));
            this.random = random;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            return super.read(buffer, offset, length == 0 ? 0 : 1 + random.nextInt(length));
        }
    }
}
