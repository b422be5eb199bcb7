package dev.registrybackup.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class DigestTest {
    private static final String HEX = "0123456789abcdef".repeat(4);

    static Stream<Arguments> digests() {
        return Stream.of(
                arguments("sha256:" + HEX, DigestAlgorithm.SHA256, HEX),
                arguments("sha256:" + "0".repeat(64), DigestAlgorithm.SHA256, "0".repeat(64)),
                arguments("sha512:" + HEX + HEX, DigestAlgorithm.SHA512, HEX + HEX));
    }

    @ParameterizedTest
    @MethodSource("digests")
    void theCanonicalFormIsReadAndWritten(String text, DigestAlgorithm algorithm, String hex) {
        // When
        Digest digest = Digest.parse(text);

        // Then
        assertEquals(new Digest(algorithm, hex), digest);
        assertEquals(text, digest.toString());
    }

    static Stream<Arguments> noDigests() {
        return Stream.of(
                arguments("", "A digest is <algorithm>:<hexadecimal digits>, not \"\""),
                arguments("sha256", "A digest is <algorithm>:<hexadecimal digits>, not \"sha256\""),
                arguments(HEX, "A digest is <algorithm>:<hexadecimal digits>, not \"" + HEX + "\""),
                arguments(":" + HEX, "Digest algorithm \"\" is neither sha256 nor sha512"),
                arguments("md5:" + HEX.substring(32), "Digest algorithm \"md5\" is neither sha256 nor sha512"),
                arguments("SHA256:" + HEX, "Digest algorithm \"SHA256\" is neither sha256 nor sha512"),
                arguments(" sha256:" + HEX, "Digest algorithm \" sha256\" is neither sha256 nor sha512"),
                arguments("sha256+b64:" + HEX, "Digest algorithm \"sha256+b64\" is neither sha256 nor sha512"),
                arguments("sha256:", notSha256("")),
                arguments("sha256:" + HEX.substring(1), notSha256(HEX.substring(1))),
                arguments("sha256:" + HEX + "0", notSha256(HEX + "0")),
                arguments("sha256:" + HEX + HEX, notSha256(HEX + HEX)),
                arguments("sha256:" + HEX.replace('f', 'F'), notSha256(HEX.replace('f', 'F'))),
                arguments("sha256:" + HEX.replace('f', 'g'), notSha256(HEX.replace('f', 'g'))),
                arguments("sha256:" + HEX.replace('0', '٠'), notSha256(HEX.replace('0', '٠'))),
                arguments("sha256:" + HEX + "\n", notSha256(HEX + "\n")),
                arguments("sha256:" + HEX.substring(1) + "\n", notSha256(HEX.substring(1) + "\n")),
                arguments("sha256::" + HEX.substring(1), notSha256(":" + HEX.substring(1))),
                arguments(
                        "sha512:" + HEX, "A sha512 digest has 128 lower-case hexadecimal digits, not \"" + HEX + "\""));
    }

    private static String notSha256(String hex) {
        return "A sha256 digest has 64 lower-case hexadecimal digits, not \"" + hex + "\"";
    }

    @ParameterizedTest
    @MethodSource("noDigests")
    void anInvalidDigestIsRefusedWithTheReason(String text, String message) {
        // When
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> Digest.parse(text));

        // Then
        assertEquals(message, refusal.getMessage());
    }

    @Test
    void theDigestOfBytesIsTheirHash() {
        // Given
        byte[] abc = "abc".getBytes(StandardCharsets.US_ASCII);

        // When
        Digest sha256 = Digest.of(DigestAlgorithm.SHA256, abc);
        Digest sha512 = Digest.of(DigestAlgorithm.SHA512, abc);

        // Then: FIPS 180-2, appendices B.1 and C.1
        assertEquals("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", sha256.toString());
        assertEquals(
                "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
                sha512.toString());
    }
}
