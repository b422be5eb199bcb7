package dev.registrybackup.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LinkContentTest {
    private static final String HEX = "0123456789abcdef".repeat(4);
    private static final String LINK = "sha256:" + HEX;

    static Stream<String> links() {
        return Stream.of(LINK, "sha512:" + HEX + HEX);
    }

    @ParameterizedTest
    @MethodSource("links")
    void aLinkIsItsDigestAndNothingElse(String text) {
        // Given
        byte[] content = text.getBytes(StandardCharsets.US_ASCII);

        // When
        Digest target = LinkContent.parse(content);

        // Then
        assertEquals(Digest.parse(text), target);
        assertArrayEquals(content, LinkContent.of(target));
        assertTrue(content.length <= LinkContent.MAX_BYTES);
    }

    static Stream<Arguments> noLinks() {
        return Stream.of(
                arguments(
                        "",
                        "a link of 0 bytes is not a digest: A digest is <algorithm>:<hexadecimal digits>, not \"\""),
                arguments(
                        LINK + "\n",
                        "a link of 72 bytes is not a digest:"
                                + " A sha256 digest has 64 lower-case hexadecimal digits, not \"" + HEX + "\n\""),
                arguments(
                        "\u00ef\u00bb\u00bf" + LINK,
                        "a link of 74 bytes is not a digest:"
                                + " Digest algorithm \"\u00ef\u00bb\u00bfsha256\" is neither sha256 nor sha512"));
    }

    @ParameterizedTest
    @MethodSource("noLinks")
    void anythingElseIsRefusedWithWhatIsWrong(String text, String message) {
        // Given
        byte[] content = text.getBytes(StandardCharsets.ISO_8859_1);

        // When
        MalformedLinkException refusal = assertThrows(MalformedLinkException.class, () -> LinkContent.parse(content));

        // Then
        assertEquals(message, refusal.getMessage());
    }

    @Test
    void theMd5IsWhatAStoreGivesAsETag() {
        // Given
        byte[] link = LinkContent.of(Digest.parse(LINK));

        // When
        String md5 = LinkContent.md5Hex(link);

        // Then: printf sha256:0123… | md5sum
        assertEquals("6918b4167062a42562f5ae609a74f27b", md5);
        assertEquals("d41d8cd98f00b204e9800998ecf8427e", LinkContent.md5Hex(new byte[0]));
    }
}
