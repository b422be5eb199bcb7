package dev.registrybackup.reconcile.rclone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.objectstore.s3.ProcessCredentials;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With what commands a second place is written; a script takes them. */
class ArchiveTest {
    private static final String BASE = "docker/registry/v2/";
    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");

    private final Path folder;
    private final FakeRclone fakeRclone;

    ArchiveTest(@TempDir Path folder) {
        this.folder = folder;
        this.fakeRclone = new FakeRclone(folder);
    }

    private Archive archive(Optional<String> removed, boolean mirrors) {
        return archive(
                fakeRclone.path(), folder, new Archive.Destination("dr:bucket", removed, mirrors, Duration.ofDays(90)));
    }

    private Archive archive(String program, Path backup, Archive.Destination destination) {
        return Archive.create(
                program,
                new RcloneRemote("backup", Optional.empty(), Optional.of(backup)),
                destination,
                new ProcessCredentials(),
                folder.resolve("scratch"));
    }

    private static Optional<String> update(Archive archive) {
        return archive.update(BASE, "registry-backup/", NOW, () -> {});
    }

    /** Verb, what is below the place, and the first filter. */
    private List<String> commandsRun() {
        return fakeRclone.commands().stream()
                .map(line -> line.split(" ", -1))
                .filter(words -> !words[0].equals("lsf"))
                .map(words -> words[0] + " " + words[2].replace("dr:bucket/", "") + " "
                        + (words.length > 4 && words[3].equals("--include") ? words[4] : ""))
                .toList();
    }

    @Test
    void childrenAreCopiedBeforeParentsAndOnceMoreAfterThemForWhatCameMeanwhile() {
        // When
        Optional<String> problem = update(archive(Optional.empty(), false));

        // Then
        assertEquals(Optional.empty(), problem);
        assertEquals(
                List.of(
                        "copy docker/registry/v2/blobs/ ",
                        "copy docker/registry/v2/repositories/ /**/_layers/**",
                        "copy docker/registry/v2/repositories/ /**/_manifests/revisions/**",
                        "copy docker/registry/v2/repositories/ /**/_manifests/tags/*/index/**",
                        "copy docker/registry/v2/repositories/ /**/_manifests/tags/*/current/link",
                        "copy registry-backup/ /missing-in-registry",
                        "copy docker/registry/v2/repositories/ /**/_manifests/revisions/**",
                        "copy docker/registry/v2/repositories/ /**/_layers/**",
                        "copy docker/registry/v2/blobs/ "),
                commandsRun());
    }

    @Test
    void aMirroredTagIsCopiedOnceAlthoughItsSizeNeverChanges() {
        // When
        update(archive(Optional.of("dr:aside"), true));

        // Then
        assertEquals(
                List.of("copy"),
                fakeRclone.commands().stream()
                        .filter(line -> line.contains("/current/link --ignore-times"))
                        .map(line -> line.substring(0, line.indexOf(' ')))
                        .toList());
    }

    @Test
    @RequiresRealStack("rclone")
    void aDiskIsNotWrittenAgainWhereNothingChanged() throws IOException {
        // Given
        Path backup = Files.createDirectories(folder.resolve("of"));
        Files.createDirectories(backup.resolve("registry-backup"));
        Path copy = Files.createDirectories(folder.resolve("copy"));
        RandomRegistry content = new RandomRegistry(3);
        push(content, backup, "v1");
        Archive.Destination destination =
                new Archive.Destination(copy.toString(), Optional.empty(), true, Duration.ofDays(90));
        update(archive("rclone", backup, destination));
        Path link = copy.resolve(content.keys().stream()
                .filter(key -> content.layout().parse(key).kind() == Kind.LAYER_LINK)
                .findFirst()
                .orElseThrow());
        FileTime longAgo = FileTime.from(Instant.EPOCH);
        Files.setLastModifiedTime(link, longAgo);

        // When
        update(archive("rclone", backup, destination));

        // Then
        assertEquals(longAgo, Files.getLastModifiedTime(link));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @RequiresRealStack("rclone")
    void noLinkThatIsPushedMeanwhileIsThereWithoutItsBlob(boolean mirrors) throws IOException {
        // Given
        Path backup = Files.createDirectories(folder.resolve("of"));
        Files.createDirectories(backup.resolve("registry-backup"));
        Path copy = Files.createDirectories(folder.resolve("copy"));
        RandomRegistry content = new RandomRegistry(3);
        push(content, backup, "v1");
        List<Integer> pushes = new ArrayList<>();

        // When
        Optional<String> problem = archive(
                        "rclone",
                        backup,
                        new Archive.Destination(copy.toString(), Optional.empty(), mirrors, Duration.ofDays(90)))
                .update(BASE, "registry-backup/", NOW, () -> {
                    push(content, backup, "v1");
                    push(content, backup, "v2");
                    push(content, backup, "t" + pushes.size());
                    pushes.add(pushes.size());
                });

        // Then
        assertEquals(Optional.empty(), problem);
        assertTrue(Files.exists(copy.resolve(content.tagLink("team/app", "t3"))));
        assertEquals(Set.of(), missing(content, copy));
    }

    private static void push(RandomRegistry content, Path store, String tag) {
        Set<String> before = Set.copyOf(content.keys());
        content.tag("team/app", tag, content.image("team/app", content.layer("team/app", 50)));
        content.objects().forEach((key, bytes) -> {
            if (!before.contains(key) || key.equals(content.tagLink("team/app", tag))) {
                write(store.resolve(key), bytes);
            }
        });
    }

    private static void write(Path file, byte[] bytes) {
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is not there of all that the links lead to which are there. */
    private static Set<String> missing(RandomRegistry content, Path store) {
        return content.keys().stream()
                .filter(key -> Files.exists(store.resolve(key)))
                .flatMap(key -> below(content, key, store).stream())
                .filter(key -> !Files.exists(store.resolve(key)))
                .collect(Collectors.toSet());
    }

    private static Set<String> below(RandomRegistry content, String key, Path store) {
        if (!(content.layout().parse(key) instanceof TagCurrentLink)) {
            return content.reachableKeys(key);
        }
        try {
            String revision =
                    content.revisionLink("team/app", LinkContent.parse(Files.readAllBytes(store.resolve(key))));
            Set<String> below = new HashSet<>(content.reachableKeys(revision));
            below.add(revision);
            return below;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void parentsLeaveBeforeChildrenAndOnlyAfterAllIsCopied() {
        // When
        update(archive(Optional.of("dr:aside"), true));

        // Then
        assertEquals(
                List.of(
                        "sync docker/registry/v2/repositories/ /**/_manifests/tags/*/current/link",
                        "sync docker/registry/v2/repositories/ /**/_manifests/tags/*/index/**",
                        "sync docker/registry/v2/repositories/ /**/_manifests/revisions/**",
                        "sync docker/registry/v2/repositories/ /**/_layers/**",
                        "sync docker/registry/v2/blobs/ "),
                commandsRun().subList(6, 11));
        assertTrue(fakeRclone.commands().stream()
                .filter(line -> !line.startsWith("lsf"))
                .allMatch(line -> line.contains("--backup-dir dr:aside/2026-11-22/")));
    }

    @Test
    void aFailureEndsTheArchiveWithItsReason() {
        // Given
        fakeRclone.respond("copy", 1, "", "{\"level\":\"error\",\"msg\":\"disk full\"}\n");

        // When
        Optional<String> problem = update(archive(Optional.empty(), true));

        // Then
        assertTrue(problem.orElse("").contains("disk full"), () -> "" + problem);
        assertEquals(1, fakeRclone.commands().size());
    }

    @Test
    void expiredBackupDirectoriesArePurgedAndNothingElse() {
        // Given
        fakeRclone.respond("lsf", 0, "2026-08-22\n2026-08-23/\n2026-08-24/\nmine/\n2026-11-22/\n", "");

        // When
        update(archive(Optional.of("dr:aside"), false));

        // Then
        assertEquals(
                List.of("purge dr:aside/2026-08-23"),
                fakeRclone.commands().stream()
                        .filter(line -> line.startsWith("purge"))
                        .map(line -> line.substring(0, line.indexOf(" --")))
                        .toList());
    }

    @Test
    void itCanBeStoppedBetweenTwoClasses() {
        // Given
        Archive archive = archive(Optional.empty(), false);
        int[] asked = {0};

        // When
        assertThrows(
                IllegalStateException.class,
                () -> archive.update(BASE, "registry-backup/", NOW, () -> {
                    if (++asked[0] > 2) {
                        throw new IllegalStateException("stopped");
                    }
                }));

        // Then
        assertEquals(2, fakeRclone.commands().size());
    }
}
