package dev.registrybackup.registry;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DigestVerifierTest {
    private static final byte[] CONTENT = "what a layer may be".getBytes(StandardCharsets.US_ASCII);

    @ParameterizedTest
    @EnumSource
    void bytesThatMatchTheDigestAreVerified(DigestAlgorithm algorithm) {
        // Given
        DigestVerifier verifier = DigestVerifier.of(Digest.of(algorithm, CONTENT));

        // When
        verifier.update(CONTENT, 0, 7);
        verifier.update(CONTENT, 7, 0);
        verifier.update(CONTENT, 7, CONTENT.length - 7);

        // Then
        assertEquals(CONTENT.length, verifier.bytesRead());
        assertDoesNotThrow(verifier::verify);
    }

    @Test
    void emptyInputMatchesTheDigestOfNoBytes() {
        // Given
        Digest empty = Digest.of(DigestAlgorithm.SHA256, new byte[0]);

        // When
        DigestVerifier verifier = DigestVerifier.of(empty);

        // Then
        assertEquals(0, verifier.bytesRead());
        assertDoesNotThrow(verifier::verify);
    }

    @Test
    void otherBytesAreRefusedNamingBothDigestsAndTheirNumber() {
        // Given
        Digest expected = Digest.of(DigestAlgorithm.SHA256, CONTENT);
        DigestVerifier verifier = DigestVerifier.of(expected);
        verifier.update("abc".getBytes(StandardCharsets.US_ASCII), 0, 3);

        // When
        DigestMismatchException mismatch = assertThrows(DigestMismatchException.class, verifier::verify);

        // Then
        assertEquals(
                "Expected " + expected + " but 3 bytes hash to"
                        + " sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                mismatch.getMessage());
    }

    @Test
    void theSameBytesInAnotherOrderAreRefused() {
        // Given
        DigestVerifier verifier = DigestVerifier.of(Digest.of(DigestAlgorithm.SHA256, CONTENT));

        // When
        verifier.update(CONTENT, 7, CONTENT.length - 7);
        verifier.update(CONTENT, 0, 7);

        // Then
        assertThrows(DigestMismatchException.class, verifier::verify);
    }

    @Test
    void onlyTheStretchNamedIsTaken() {
        // Given
        byte[] padded =
                ("<<" + new String(CONTENT, StandardCharsets.US_ASCII) + ">>").getBytes(StandardCharsets.US_ASCII);
        DigestVerifier verifier = DigestVerifier.of(Digest.of(DigestAlgorithm.SHA256, CONTENT));

        // When
        verifier.update(padded, 2, CONTENT.length);

        // Then
        assertDoesNotThrow(verifier::verify);
    }

    @Test
    void aCopyGoesOnFromTheSameByteAndDisturbsNobody() {
        // Given
        DigestVerifier first = DigestVerifier.of(Digest.of(DigestAlgorithm.SHA256, CONTENT));
        first.update(CONTENT, 0, 7);

        // When
        DigestVerifier corrupt = first.copy();
        corrupt.update(CONTENT, 0, 7);
        DigestVerifier again = first.copy();
        again.update(CONTENT, 7, CONTENT.length - 7);

        // Then
        assertThrows(DigestMismatchException.class, corrupt::verify);
        assertDoesNotThrow(again::verify);
        assertEquals(7, first.bytesRead());
        assertEquals(14, corrupt.bytesRead());
        assertEquals(CONTENT.length, again.bytesRead());
        first.update(CONTENT, 7, CONTENT.length - 7);
        assertDoesNotThrow(first::verify);
    }
}
