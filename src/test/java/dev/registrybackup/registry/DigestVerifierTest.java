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
        DigestVerifier proof = DigestVerifier.of(Digest.of(algorithm, CONTENT));

        // When
        proof.update(CONTENT, 0, 7);
        proof.update(CONTENT, 7, 0);
        proof.update(CONTENT, 7, CONTENT.length - 7);

        // Then
        assertEquals(CONTENT.length, proof.bytesRead());
        assertDoesNotThrow(proof::verify);
    }

    @Test
    void emptyInputMatchesTheDigestOfNoBytes() {
        // Given
        Digest empty = Digest.of(DigestAlgorithm.SHA256, new byte[0]);

        // When
        DigestVerifier proof = DigestVerifier.of(empty);

        // Then
        assertEquals(0, proof.bytesRead());
        assertDoesNotThrow(proof::verify);
    }

    @Test
    void otherBytesAreRefusedNamingBothDigestsAndTheirNumber() {
        // Given
        Digest expected = Digest.of(DigestAlgorithm.SHA256, CONTENT);
        DigestVerifier proof = DigestVerifier.of(expected);
        proof.update("abc".getBytes(StandardCharsets.US_ASCII), 0, 3);

        // When
        DigestMismatchException mismatch = assertThrows(DigestMismatchException.class, proof::verify);

        // Then
        assertEquals(
                "Expected " + expected + " but 3 bytes hash to"
                        + " sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                mismatch.getMessage());
    }

    @Test
    void theSameBytesInAnotherOrderAreRefused() {
        // Given
        DigestVerifier proof = DigestVerifier.of(Digest.of(DigestAlgorithm.SHA256, CONTENT));

        // When
        proof.update(CONTENT, 7, CONTENT.length - 7);
        proof.update(CONTENT, 0, 7);

        // Then
        assertThrows(DigestMismatchException.class, proof::verify);
    }

    @Test
    void onlyTheStretchNamedIsTaken() {
        // Given
        byte[] padded =
                ("<<" + new String(CONTENT, StandardCharsets.US_ASCII) + ">>").getBytes(StandardCharsets.US_ASCII);
        DigestVerifier proof = DigestVerifier.of(Digest.of(DigestAlgorithm.SHA256, CONTENT));

        // When
        proof.update(padded, 2, CONTENT.length);

        // Then
        assertDoesNotThrow(proof::verify);
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
