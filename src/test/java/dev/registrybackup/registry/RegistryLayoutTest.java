package dev.registrybackup.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.ExcludedKey;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RegistryPath.UnknownObject;
import dev.registrybackup.registry.RegistryPath.UploadFile;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryLayoutTest {
    private static final String HEX = "0123456789abcdef".repeat(4);
    private static final String LONG_HEX = HEX + HEX;
    private static final Digest SHA256 = new Digest(DigestAlgorithm.SHA256, HEX);
    private static final Digest SHA512 = new Digest(DigestAlgorithm.SHA512, LONG_HEX);
    private static final String BASE = "docker/registry/v2/";
    private static final String APP = BASE + "repositories/team/app/";

    static Stream<Arguments> understood() {
        return Stream.of(
                arguments("blobs/sha256/01/" + HEX + "/data", new BlobData(SHA256)),
                arguments("blobs/sha512/01/" + LONG_HEX + "/data", new BlobData(SHA512)),
                arguments("repositories/a/_layers/sha256/" + HEX + "/link", new LayerLink(name("a"), SHA256)),
                arguments(
                        "repositories/team/app/_layers/sha512/" + LONG_HEX + "/link",
                        new LayerLink(name("team/app"), SHA512)),
                arguments(
                        "repositories/team/app/_manifests/revisions/sha256/" + HEX + "/link",
                        new RevisionLink(name("team/app"), SHA256)),
                arguments(
                        "repositories/team/app/_manifests/tags/v1.2_x-Y/current/link",
                        new TagCurrentLink(name("team/app"), new Tag("v1.2_x-Y"))),
                arguments(
                        "repositories/team/app/_manifests/tags/v1/index/sha256/" + HEX + "/link",
                        new TagIndexLink(name("team/app"), new Tag("v1"), SHA256)),
                arguments(
                        "repositories/team/app/_manifests/tags/v1/index/sha512/" + LONG_HEX + "/link",
                        new TagIndexLink(name("team/app"), new Tag("v1"), SHA512)),
                // Names that are words of the layout too.
                arguments(
                        "repositories/tags/index/revisions/_manifests/tags/current/current/link",
                        new TagCurrentLink(name("tags/index/revisions"), new Tag("current"))),
                arguments(
                        "repositories/tags/v1/current/link/_layers/sha256/" + HEX + "/link",
                        new LayerLink(name("tags/v1/current/link"), SHA256)),
                arguments(
                        "repositories/repositories/blobs/sha256/_manifests/tags/index/index/sha256/" + HEX + "/link",
                        new TagIndexLink(name("repositories/blobs/sha256"), new Tag("index"), SHA256)),
                arguments(
                        "repositories/layers/manifests/uploads/_manifests/revisions/sha256/" + HEX + "/link",
                        new RevisionLink(name("layers/manifests/uploads"), SHA256)),
                arguments(
                        "repositories/a/b/c/d/e/f/g/h/_manifests/tags/_/current/link",
                        new TagCurrentLink(name("a/b/c/d/e/f/g/h"), new Tag("_"))));
    }

    @ParameterizedTest
    @MethodSource("understood")
    void everyFormOfTheLayoutIsReadAndWritten(String rest, RegistryPath path) {
        for (String root : List.of("", "root", "some/where")) {
            // Given
            RegistryLayout layout = new RegistryLayout(root);
            String key = (root.isEmpty() ? "" : root + "/") + BASE + rest;

            // When
            RegistryPath read = layout.parse(key);
            String written = layout.keyOf(path);

            // Then
            assertEquals(path, read);
            assertEquals(key, written);
        }
    }

    static Stream<String> unknown() {
        return Stream.of(
                "scheduler-state.json",
                "/scheduler-state.json",
                "anything else",
                "registry-backup",
                "registry-backups/x",
                "a/registry-backup/x",
                "docker",
                "docker/registry/v2",
                "docker/registry/v1/blobs/sha256/01/" + HEX + "/data",
                "docker/registry/v22/blobs/sha256/01/" + HEX + "/data",
                "/" + BASE + "blobs/sha256/01/" + HEX + "/data",
                "Docker/registry/v2/blobs/sha256/01/" + HEX + "/data",
                BASE + "blobs",
                BASE + "blobs/sha256/01/" + HEX,
                BASE + "blobs/sha256/01/" + HEX + "/data2",
                BASE + "blobs/sha256/01/" + HEX + "/Data",
                BASE + "blobs/sha256/01/" + HEX + "/link",
                BASE + "blobs/sha256/01/" + HEX + "/data/x",
                BASE + "blobs/sha256/01/" + HEX + "/data\n",
                BASE + "blobs/sha256/02/" + HEX + "/data",
                BASE + "blobs/sha256/0/" + HEX + "/data",
                BASE + "blobs/sha256/012/" + HEX + "/data",
                BASE + "blobs/sha256/" + HEX + "/data",
                BASE + "blobs/sha256/01/" + HEX.substring(0, 63) + "/data",
                BASE + "blobs/sha256/01/" + HEX + "0/data",
                BASE + "blobs/sha256/01/01/data",
                BASE + "blobs/sha256/01/" + LONG_HEX + "/data",
                BASE + "blobs/sha512/01/" + HEX + "/data",
                BASE + "blobs/md5/01/" + HEX.substring(32) + "/data",
                BASE + "blobs//sha256/01/" + HEX + "/data",
                BASE + "/blobs/sha256/01/" + HEX + "/data",
                // A tarsum as old registries had it.
                BASE + "blobs/tarsum/v1/sha256/01/" + HEX + "/data",
                BASE + "repositories",
                BASE + "repositories/team/app",
                BASE + "repositories/_layers/sha256/" + HEX + "/link",
                BASE + "repositories/Team/app/_layers/sha256/" + HEX + "/link",
                BASE + "repositories/a/_layers/_layers/sha256/" + HEX + "/link",
                BASE + "repositories/a/_manifests/_layers/sha256/" + HEX + "/link",
                BASE + "repositories/a/_layers/_manifests/revisions/sha256/" + HEX + "/link",
                BASE + "repositories/a/_layers/_uploads/0000/data",
                APP + "_layers",
                APP + "_layers/sha256/" + HEX,
                APP + "_layers/sha256/" + HEX + "/data",
                APP + "_layers/sha256/" + HEX + "/link/x",
                APP + "_layers/sha256/" + HEX + "/link\n",
                APP + "_layers/sha256/01/" + HEX + "/link",
                APP + "_layers/md5/" + HEX.substring(32) + "/link",
                APP + "_layer/sha256/" + HEX + "/link",
                APP + "_manifests",
                APP + "_manifests/sha256/" + HEX + "/link",
                APP + "_manifests/revision/sha256/" + HEX + "/link",
                APP + "_manifests/revisions/sha256/" + HEX + "/data",
                APP + "_manifests/revisions/sha256/" + HEX + "0/link",
                // Signatures of schema 1, which registries before 2.7 wrote.
                APP + "_manifests/revisions/sha256/" + HEX + "/signatures/sha256/" + HEX + "/link",
                APP + "_manifests/tags",
                APP + "_manifests/tags/v1",
                APP + "_manifests/tags/v1/link",
                APP + "_manifests/tags/v1/current",
                APP + "_manifests/tags/v1/current/data",
                APP + "_manifests/tags/v1/current/sha256/" + HEX + "/link",
                APP + "_manifests/tags/current/link",
                APP + "_manifests/tags//current/link",
                APP + "_manifests/tags/.v1/current/link",
                APP + "_manifests/tags/a/b/current/link",
                APP + "_manifests/tags/v1/index/link",
                APP + "_manifests/tags/v1/index/sha256/link",
                APP + "_manifests/tags/-v1/index/sha256/" + HEX + "/link",
                APP + "_manifests/tags/v1/index/sha256/" + HEX.substring(1) + "/link",
                APP + "_manifests/tags/v1/index/sha256/" + HEX + "/current/link",
                APP + "_uploads",
                BASE + "repositories/Team/_uploads/0000/data",
                BASE + "uploads/0000/data",
                BASE + "röt/📦");
    }

    @ParameterizedTest
    @MethodSource("unknown")
    void keysOutsideTheLayoutAreUnknownObjects(String rest) {
        for (String root : List.of("", "root")) {
            // Given
            RegistryLayout layout = new RegistryLayout(root);
            String key = (root.isEmpty() ? "" : root + "/") + rest;

            // When
            RegistryPath path = layout.parse(key);

            // Then
            assertEquals(new UnknownObject(key), path);
            assertEquals(key, layout.keyOf(path));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "_uploads/6bd0c0b5-2f3e-4a3a-8c54-0d7e2c9d3b1f/data",
                "_uploads/6bd0c0b5-2f3e-4a3a-8c54-0d7e2c9d3b1f/startedat",
                "_uploads/6bd0c0b5-2f3e-4a3a-8c54-0d7e2c9d3b1f/hashstates/sha256/1048576",
                "_uploads/x",
                "_uploads/_layers/sha256/link",
                "_uploads/a/_manifests/tags/v1/current/link",
            })
    void keysBelowUploadsAreUploads(String inside) {
        // When
        RegistryPath path = new RegistryLayout("").parse(APP + inside);

        // Then
        assertEquals(new UploadFile(APP + inside), path);
        assertEquals(APP + inside, new RegistryLayout("").keyOf(path));
    }

    static Stream<Arguments> excluded() {
        return Stream.of(
                arguments("", ""),
                arguments("", "/"),
                arguments("", "anything/"),
                arguments("", BASE),
                arguments("", APP + "_uploads/"),
                arguments("", APP + "_uploads/x/"),
                arguments("", BASE + "blobs/sha256/01/" + HEX + "/data/"),
                arguments("", "registry-backup/"),
                arguments("", "registry-backup/pending/x.json"),
                arguments("", "registry-backup/" + BASE + "blobs/sha256/01/" + HEX + "/data"),
                arguments("root", ""),
                arguments("root", "root"),
                arguments("root", "root/"),
                arguments("root", "Root/x"),
                arguments("root", "roots/x"),
                arguments("root", "/root/x"),
                arguments("root", "other/root/x"),
                arguments("root", "scheduler-state.json"),
                arguments("root", BASE + "blobs/sha256/01/" + HEX + "/data"),
                arguments("root", "registry-backup/pending/x.json"),
                arguments("some/where", "some/" + BASE + "blobs/sha256/01/" + HEX + "/data"),
                arguments("some/where", "some/wherever/x"));
    }

    @ParameterizedTest
    @MethodSource("excluded")
    void keysThatAreNeverCopiedAreExcluded(String root, String key) {
        // Given
        RegistryLayout layout = new RegistryLayout(root);

        // When
        RegistryPath path = layout.parse(key);

        // Then
        assertEquals(new ExcludedKey(key), path);
        assertEquals(key, layout.keyOf(path));
    }

    @ParameterizedTest
    @CsvSource({
        "'', ''",
        "/, ''",
        "///, ''",
        "root, root/",
        "/root, root/",
        "root/, root/",
        "//root//, root/",
        "/some/where/, some/where/",
        "some//where, some//where/",
    })
    void slashesAtTheEndsOfTheRootDirectoryMeanNothing(String rootDirectory, String expected) {
        // When
        RegistryLayout layout = new RegistryLayout(rootDirectory);

        // Then
        assertEquals(expected + BASE, layout.prefix());
        assertEquals(expected + BASE + "blobs/sha256/01/" + HEX + "/data", layout.blobKey(SHA256));
        assertEquals(new BlobData(SHA256), layout.parse(layout.blobKey(SHA256)));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aPathIsReadBackFromItsKey(long seed) {
        // Given
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            RegistryLayout layout = new RegistryLayout(pick(random, "", "root", "/some/where/"));
            RegistryPath path = path(random);

            // When
            RegistryPath read = layout.parse(layout.keyOf(path));

            // Then
            assertEquals(path, read);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aKeyIsWrittenBackFromWhateverItIs(long seed) {
        // Given
        Random random = new Random(seed);
        for (int round = 0; round < 2_000; round++) {
            RegistryLayout layout = new RegistryLayout(pick(random, "", "root"));
            String key = random.nextBoolean() ? junk(random) : damaged(layout.keyOf(path(random)), random);

            // When
            RegistryPath path = layout.parse(key);

            // Then
            assertEquals(key, layout.keyOf(path));
            assertEquals(path, layout.parse(layout.keyOf(path)));
        }
    }

    private static RepositoryName name(String value) {
        return new RepositoryName(value);
    }

    private static RegistryPath path(Random random) {
        RepositoryName repository = new RepositoryName(repository(random));
        Tag tag = new Tag(pick(random, "", "_", "V") + word(random) + pick(random, "", ".", "-x", "..y"));
        return switch (random.nextInt(5)) {
            case 0 -> new BlobData(digest(random));
            case 1 -> new LayerLink(repository, digest(random));
            case 2 -> new RevisionLink(repository, digest(random));
            case 3 -> new TagIndexLink(repository, tag, digest(random));
            default -> new TagCurrentLink(repository, tag);
        };
    }

    private static Digest digest(Random random) {
        DigestAlgorithm algorithm = random.nextBoolean() ? DigestAlgorithm.SHA256 : DigestAlgorithm.SHA512;
        byte[] content = new byte[8];
        random.nextBytes(content);
        return Digest.of(algorithm, content);
    }

    private static String repository(Random random) {
        return IntStream.rangeClosed(0, random.nextInt(4))
                .mapToObj(component -> word(random) + pick(random, "", "-", "_", "__", ".", "---") + word(random))
                .collect(Collectors.joining("/"));
    }

    private static String word(Random random) {
        return pick(random, "a", "0", "tags", "index", "current", "link", "blobs", "data", "sha256", "repositories");
    }

    private static String junk(Random random) {
        return IntStream.range(0, random.nextInt(8))
                .mapToObj(segment -> pick(
                        random,
                        "",
                        "root",
                        "docker",
                        "docker/registry/v2",
                        "repositories",
                        "blobs",
                        "_layers",
                        "_manifests/tags",
                        "_manifests/revisions",
                        "_uploads",
                        "sha256",
                        "sha256/" + HEX,
                        "sha256/01/" + HEX,
                        "link",
                        "data",
                        "current/link",
                        "registry-backup",
                        "a\nb",
                        "röt",
                        "📦",
                        " "))
                .collect(Collectors.joining("/"));
    }

    /** The key with one character gone, doubled or replaced, or a piece of it gone. */
    private static String damaged(String key, Random random) {
        int at = random.nextInt(key.length());
        String before = key.substring(0, at);
        String after = key.substring(at + 1);
        return switch (random.nextInt(4)) {
            case 0 -> before + after;
            case 1 -> before + key.charAt(at) + key.charAt(at) + after;
            case 2 -> before + pick(random, "/", "_", "A", ".", "\n", "%") + after;
            default -> before + after.substring(random.nextInt(after.length() + 1));
        };
    }

    private static String pick(Random random, String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
