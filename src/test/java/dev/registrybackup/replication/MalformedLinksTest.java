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
    private final RandomRegistry made = new RandomRegistry(5);
    private final Digest layer = made.layer(REPOSITORY, 100);
    private final Digest image = made.image(REPOSITORY, layer);
    private final ReplicatorFixture replicatorFixture = new ReplicatorFixture(registry, backup);

    @AfterEach
    void close() {
        replicatorFixture.close();
    }

    @ParameterizedTest
    @MethodSource("malformed")
    void aMalformedLinkIsAVerdictAndNothingIsWritten(String kind, String content) {
        // Given
        made.tag(REPOSITORY, "latest", image);
        made.writeTo(registry::seed);
        String key = link(kind);
        registry.seed(key, content.getBytes(StandardCharsets.ISO_8859_1));

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key);

        // Then
        assertEquals(ReplicationStatus.MALFORMED, replicationResult.replicationStatus());
        assertEquals(List.of(), replicatorFixture.backup().written());
        assertEquals(
                List.of(),
                backup.keys("").stream()
                        .filter(written -> !written.equals("registry-backup/adopted"))
                        .toList());
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
            case "layer" -> made.layerLink(REPOSITORY, layer);
            case "revision" -> made.revisionLink(REPOSITORY, image);
            case "tag index" -> made.tagIndexLink(REPOSITORY, "latest", image);
            default -> made.tagLink(REPOSITORY, "latest");
        };
    }

    @Test
    void aLinkToAnotherDigestSaysWhatItsPathNames() {
        // Given
        made.writeTo(registry::seed);
        registry.seed(link("layer"), OTHER.getBytes(StandardCharsets.US_ASCII));

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(link("layer"));

        // Then
        assertEquals("a link whose path names %s names %s".formatted(layer, OTHER), replicationResult.problem());
    }

    @Test
    void aTagOfAMalformedRevisionLinkIsWithheldUntilThatIsRepaired() {
        // Given
        made.tag(REPOSITORY, "latest", image);
        made.writeTo(registry::seed);
        registry.seed(link("revision"), new byte[0]);
        List<ReplicationStatus> before = replicatorFixture.replicateAll(List.of(link("tag index"), link("tag")));
        List<String> published = backup.keys("docker/");
        registry.seed(link("revision"), LinkContent.of(image));

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(link("revision"));

        // Then
        assertEquals(List.of(ReplicationStatus.WITHHELD, ReplicationStatus.WITHHELD), before);
        assertEquals(List.of(), published);
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertArrayEquals(LinkContent.of(image), backup.bytes(link("tag")));
        assertArrayEquals(LinkContent.of(image), backup.bytes(link("tag index")));
        assertEquals(List.of(), backup.keys("registry-backup/withheld/"));
    }

    @Test
    void aSha512LinkToTheCanonicalSha256IsCopiedAsItIsOnceItsTargetIs() {
        // Given
        Digest path = Digest.of(DigestAlgorithm.SHA512, made.content(made.blobKey(image)));
        made.writeTo(registry::seed);
        String key = made.revisionLink(REPOSITORY, path);
        registry.seed(key, LinkContent.of(image));

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key);

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertArrayEquals(LinkContent.of(image), backup.bytes(key));
        List<String> written = replicatorFixture.backup().written();
        assertEquals(key, written.get(written.size() - 1));
        made.closure(link("revision"))
                .forEach(target -> assertArrayEquals(made.content(target), backup.bytes(target), target));
    }

    @Test
    void aSha512LayerLinkToACorruptSha256BlobIsWithheld() {
        // Given
        Digest path = Digest.of(DigestAlgorithm.SHA512, made.content(made.blobKey(layer)));
        made.writeTo(registry::seed);
        registry.seed(made.blobKey(layer), new byte[100]);
        String key = made.layerLink(REPOSITORY, path);
        registry.seed(key, LinkContent.of(layer));

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(key);

        // Then
        assertEquals(ReplicationStatus.WITHHELD, replicationResult.replicationStatus());
        assertEquals(List.of(), backup.keys("docker/"));
    }

    @Test
    void aBlobNamedBySha512IsProvedByIt() {
        // Given
        byte[] content = made.bytes(100);
        Digest digest = Digest.of(DigestAlgorithm.SHA512, content);
        registry.seed(made.blobKey(digest), content);

        // When
        ReplicationResult replicationResult = replicatorFixture.replicate(made.blobKey(digest));

        // Then
        assertEquals(ReplicationStatus.COPIED, replicationResult.replicationStatus());
        assertArrayEquals(content, backup.bytes(made.blobKey(digest)));
    }
}
