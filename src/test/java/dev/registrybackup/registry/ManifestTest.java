package dev.registrybackup.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.registrybackup.registry.Descriptor.Role;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
    private static final Path GOLDEN = Path.of("src/test/resources/manifests");

    static Stream<Arguments> manifests() {
        return Stream.of(
                arguments(
                        "oci-image",
                        List.of(
                                blob('a', 7023),
                                blob('b', 32654),
                                blob('c', 16724),
                                new Descriptor(
                                        new Digest(DigestAlgorithm.SHA512, "d".repeat(128)),
                                        OptionalLong.of(73109),
                                        Role.BLOB))),
                arguments("oci-index-nested", List.of(manifest('a', 7143), manifest('b', 1234), manifest('c', 566))),
                arguments("docker-v2", List.of(blob('a', 7023), blob('b', 32654), blob('c', 16724))),
                arguments("docker-manifest-list", List.of(manifest('a', 7143), manifest('b', 7682))),
                arguments("docker-schema1", List.of(ofNoSize('a'), ofNoSize('b'))),
                arguments("oci-artifact", List.of(blob('a', 123), blob('b', 87))),
                arguments("no-media-type", List.of(blob('a', 2), blob('b', 3))),
                arguments(
                        "unknown-media-type", List.of(manifest('a', 10), blob('b', 11), blob('c', 12), blob('d', 13))),
                arguments(
                        "foreign-layer",
                        List.of(
                                blob('a', 1),
                                new Descriptor(digest('b'), OptionalLong.of(2), Role.FOREIGN_LAYER),
                                blob('c', 3),
                                blob('d', 4))),
                arguments("bad-digests", List.of(blob('a', 2), ofNoSize('d'))),
                arguments("duplicate-digests", List.of(manifest('c', 6), blob('a', 1), blob('b', 2))),
                arguments(
                        "odd-sizes",
                        List.of(
                                ofNoSize('a'),
                                ofNoSize('b'),
                                blob('c', Long.MAX_VALUE),
                                ofNoSize('d'),
                                ofNoSize('e'),
                                blob('f', 0))));
    }

    @ParameterizedTest
    @MethodSource("manifests")
    void everythingAManifestRefersToIsFoundOnceAndInOrder(String name, List<Descriptor> expected)
            throws IOException, MalformedManifestException {
        // Given
        byte[] content = Files.readAllBytes(GOLDEN.resolve(name + ".json"));

        // When
        Manifest manifest = Manifest.parse(content);

        // Then
        assertEquals(expected, manifest.references());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", " {} ", "{\"layers\": null}", "{\"layers\": [], \"config\": []}", "{\"a\": 1}"})
    void anObjectThatRefersToNothingIsAManifestAllTheSame(String text) throws MalformedManifestException {
        // When
        Manifest manifest = Manifest.parse(text.getBytes(StandardCharsets.UTF_8));

        // Then
        assertEquals(List.of(), manifest.references());
        assertEquals(Optional.empty(), manifest.config());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "[]",
                "[{\"layers\": []}]",
                "null",
                "true",
                "17",
                "\"text\"",
                "{",
                "{}x",
                "{}{}",
                "{\"layers\": [}",
                "{\"layers\": [",
                "layers: []",
                "\u001f\u008b\b",
                "\u0000\u0000\u0000\u0000",
                "<html></html>"
            })
    void contentThatIsNotAJsonObjectIsRefused(String text) {
        // Given
        byte[] content = text.getBytes(StandardCharsets.ISO_8859_1);

        // When
        MalformedManifestException refusal =
                assertThrows(MalformedManifestException.class, () -> Manifest.parse(content));

        // Then
        assertEquals(content.length + " bytes are not a manifest", refusal.getMessage());
    }

    @Test
    void aJsonTooDeepToBeReadIsRefused() {
        // Given
        byte[] deep = ("{\"a\":" + "[".repeat(100_000)).getBytes(StandardCharsets.US_ASCII);

        // When
        MalformedManifestException refusal = assertThrows(MalformedManifestException.class, () -> Manifest.parse(deep));

        // Then
        assertEquals("100005 bytes are not a manifest", refusal.getMessage());
    }

    private static Digest digest(char digit) {
        return new Digest(DigestAlgorithm.SHA256, String.valueOf(digit).repeat(64));
    }

    private static Descriptor blob(char digit, long size) {
        return new Descriptor(digest(digit), OptionalLong.of(size), Role.BLOB);
    }

    private static Descriptor ofNoSize(char digit) {
        return new Descriptor(digest(digit), OptionalLong.empty(), Role.BLOB);
    }

    private static Descriptor manifest(char digit, long size) {
        return new Descriptor(digest(digit), OptionalLong.of(size), Role.MANIFEST);
    }
}
