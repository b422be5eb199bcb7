package dev.registrybackup.reconcile.rclone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
        return Archive.create(
                fakeRclone.path(),
                new RcloneRemote("backup", Optional.empty(), Optional.of(folder)),
                new Archive.Destination("dr:bucket", removed, mirrors, Duration.ofDays(90)),
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
    void childrenAreCopiedBeforeParents() {
        // When
        Optional<String> problem = update(archive(Optional.empty(), false));

        // Then
        assertEquals(Optional.empty(), problem);
        assertEquals(
                List.of(
                        "copy docker/registry/v2/blobs/ ",
                        "copy docker/registry/v2/repositories/ _layers/**",
                        "copy docker/registry/v2/repositories/ _manifests/revisions/**",
                        "copy docker/registry/v2/repositories/ _manifests/tags/*/index/**",
                        "copy docker/registry/v2/repositories/ _manifests/tags/*/current/link",
                        "copy registry-backup/ /absences"),
                commandsRun());
    }

    @Test
    void parentsLeaveBeforeChildrenAndOnlyAfterAllIsCopied() {
        // When
        update(archive(Optional.of("dr:aside"), true));

        // Then
        assertEquals(
                List.of(
                        "sync docker/registry/v2/repositories/ _manifests/tags/*/current/link",
                        "sync docker/registry/v2/repositories/ _manifests/tags/*/index/**",
                        "sync docker/registry/v2/repositories/ _manifests/revisions/**",
                        "sync docker/registry/v2/repositories/ _layers/**",
                        "sync docker/registry/v2/blobs/ "),
                commandsRun().subList(6, 11));
        assertTrue(fakeRclone.commands().stream()
                .filter(line -> !line.startsWith("lsf"))
                .allMatch(line -> line.contains("--backup-dir dr:aside/2026-11-22/")));
    }

    @Test
    void whatFailsEndsItWithTheReason() {
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
        fakeRclone.respond("lsf", 0, "2026-08-23/\n2026-08-24/\nmine/\n2026-11-22/\n", "");

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

    @Test
    void onlyTheRemoteThatItIsInIsKnownFromTheEnvironment() {
        // Given
        var parent = java.util.Map.of(
                "RCLONE_CONFIG_DR_TYPE", "s3", "RCLONE_CONFIG_OTHER_TYPE", "s3", "RCLONE_DRY_RUN", "true");

        // When
        var environment = ChildEnvironment.of(parent, Path.of("/none"), List.of(), Optional.of("dr:bucket/path"));

        // Then
        assertEquals("s3", environment.get("RCLONE_CONFIG_DR_TYPE"));
        assertFalse(environment.containsKey("RCLONE_CONFIG_OTHER_TYPE"));
        assertFalse(environment.containsKey("RCLONE_DRY_RUN"));
    }
}
