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
}
