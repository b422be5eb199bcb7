package dev.registrybackup.replication;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MalformedLinksTest {
    private static final String REPOSITORY = "team/app";
    private static final String OTHER = "sha256:" + "0123456789abcdef".repeat(4);

    private final InMemoryObjectStore registry = ReplicatorFixture.bucket("registry", false);
    private final InMemoryObjectStore backup = ReplicatorFixture.bucket("backup", false);
    private final RandomRegistry registryContent = new RandomRegistry(5);
    private final Digest layer = registryContent.layer(REPOSITORY, 100);
    private final Digest image = registryContent.image(REPOSITORY, layer);
    private final ReplicatorFixture fixture = new ReplicatorFixture(registry, backup);

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void aMalformedLinkIsAVerdictAndNothingIsWritten(String kind, String content) {
        // Given
        registryContent.tag(REPOSITORY, "latest", image);
        registryContent.writeTo(registry::seed);
        String key = link(kind);
        registry.seed(key, content.getBytes(StandardCharsets.ISO_8859_1));

        // When
        ReplicationResult result = fixture.replicate(key);

        // Then
        assertEquals(ReplicationStatus.MALFORMED, result.status());
        assertEquals(List.of(), fixture.backup().writtenKeys());
        assertEquals(List.of("registry-backup/conditional-writes", "registry-backup/verified"), backup.keys(""));
    }

    static Stream<Arguments> malformed() {
        List<String> contents = List.of(
                "",
                "\n",
                OTHER + "\n",
                " " + OTHER,
                "garbage",
                "sha256:",
                "sha256:" + "0123456789ABCDEF".repeat(4),
                "md5:d41d8cd98f00b204e9800998ecf8427e",
                "\u0000\u00ff\u00fe",
                "x".repeat(10_000));
        Stream<Arguments> anyKind = Stream.of("layer", "revision", "tag index", "tag")
                .flatMap(kind -> contents.stream().map(content -> Arguments.of(kind, content)));
        Stream<Arguments> otherDigest =
                Stream.of("layer", "revision", "tag index").map(kind -> Arguments.of(kind, OTHER));
        return Stream.concat(anyKind, otherDigest);
    }

    private String link(String kind) {
        return switch (kind) {
            case "layer" -> registryContent.layerLink(REPOSITORY, layer);
            case "revision" -> registryContent.revisionLink(REPOSITORY, image);
            case "tag index" -> registryContent.tagIndexLink(REPOSITORY, "latest", image);
            default -> registryContent.tagLink(REPOSITORY, "latest");
        };
    }

    @Test
    void aLinkToAnotherDigestSaysWhatItsPathNames() {
        // Given
        registryContent.writeTo(registry::seed);
        registry.seed(link("layer"), OTHER.getBytes(StandardCharsets.US_ASCII));

        // When
        ReplicationResult result = fixture.replicate(link("layer"));

        // Then
        assertEquals("the link's path contains %s, but its content is %s".formatted(layer, OTHER), result.problem());
    }

    @Test
    void aTagOfAMalformedRevisionLinkIsBlockedUntilThatIsRepaired() {
        // Given
        registryContent.tag(REPOSITORY, "latest", image);
        registryContent.writeTo(registry::seed);
        registry.seed(link("revision"), new byte[0]);
        List<ReplicationStatus> before = fixture.replicateAll(List.of(link("tag index"), link("tag")));
        List<String> published = backup.keys("docker/");
        registry.seed(link("revision"), LinkContent.of(image));

        // When
        ReplicationResult result = fixture.replicate(link("revision"));

        // Then
        assertEquals(List.of(ReplicationStatus.BLOCKED, ReplicationStatus.BLOCKED), before);
        assertEquals(List.of(), published);
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertArrayEquals(LinkContent.of(image), backup.bytes(link("tag")));
        assertArrayEquals(LinkContent.of(image), backup.bytes(link("tag index")));
        assertEquals(List.of(), backup.keys("registry-backup/blocked/"));
    }

    @Test
    void aSha512LinkToTheCanonicalSha256IsCopiedAsItIsOnceItsTargetIs() {
        // Given
        Digest path = Digest.of(DigestAlgorithm.SHA512, registryContent.content(registryContent.blobKey(image)));
        registryContent.writeTo(registry::seed);
        String key = registryContent.revisionLink(REPOSITORY, path);
        registry.seed(key, LinkContent.of(image));

        // When
        ReplicationResult result = fixture.replicate(key);

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertArrayEquals(LinkContent.of(image), backup.bytes(key));
        List<String> written = fixture.backup().writtenKeys();
        assertEquals(key, written.get(written.size() - 1));
        registryContent
                .reachableKeys(link("revision"))
                .forEach(target -> assertArrayEquals(registryContent.content(target), backup.bytes(target), target));
    }

    @Test
    void aSha512LayerLinkToACorruptSha256BlobIsBlocked() {
        // Given
        Digest path = Digest.of(DigestAlgorithm.SHA512, registryContent.content(registryContent.blobKey(layer)));
        registryContent.writeTo(registry::seed);
        registry.seed(registryContent.blobKey(layer), new byte[100]);
        String key = registryContent.layerLink(REPOSITORY, path);
        registry.seed(key, LinkContent.of(layer));

        // When
        ReplicationResult result = fixture.replicate(key);

        // Then
        assertEquals(ReplicationStatus.BLOCKED, result.status());
        assertEquals(List.of(), backup.keys("docker/"));
    }

    @Test
    void aBlobWithASha512DigestIsVerifiedByIt() {
        // Given
        byte[] content = registryContent.bytes(100);
        Digest digest = Digest.of(DigestAlgorithm.SHA512, content);
        registry.seed(registryContent.blobKey(digest), content);

        // When
        ReplicationResult result = fixture.replicate(registryContent.blobKey(digest));

        // Then
        assertEquals(ReplicationStatus.COPIED, result.status());
        assertArrayEquals(content, backup.bytes(registryContent.blobKey(digest)));
    }
}
