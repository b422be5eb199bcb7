package dev.registrybackup.reconcile.rclone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Finds out whether the program can be used, and prepares what its runs need. */
final class RcloneSetup {
    private static final String REMEDY =
            "install rclone %s or later (Debian: apt-get install rclone), or set reconcile.rclone to where it is"
                    .formatted(RcloneVersion.MINIMUM.name());

    private final String program;
    private final List<RcloneRemote> remotes;
    private final Optional<String> externalRemote;
    private final Path scratch;

    /** For runs over these stores, and over a place of which only the environment knows what it is. */
    RcloneSetup(String program, List<RcloneRemote> remotes, Optional<String> foreignPlace, Path scratch) {
        this.program = program;
        this.remotes = remotes;
        this.externalRemote = foreignPlace;
        this.scratch = scratch;
    }

    /** An empty directory in the scratch directory. */
    Path emptyDirectory() {
        return scratch.resolve("empty");
    }

    /** Makes the scratch directory and what has to be in it, and a program that runs with it. */
    RcloneProcess prepare() {
        try {
            Files.createDirectories(emptyDirectory());
            Path configuration = scratch.resolve("rclone.conf");
            Files.write(configuration, new byte[0]);
            return new RcloneProcess(
                    ChildEnvironment.of(System.getenv(), configuration, remotes, externalRemote), scratch);
        } catch (IOException e) {
            throw new RcloneUnusableException(
                    "Failed to prepare runs of rclone in %s: %s; make it a directory that can be written"
                            .formatted(scratch, reason(e)),
                    e);
        }
    }

    /** The file of all that is trusted, if a store has certificates of its own. */
    Optional<Path> writeCertificates() {
        List<Path> files = remotes.stream()
                .flatMap(rcloneRemote -> rcloneRemote.caCertificate().stream())
                .toList();
        if (files.isEmpty()) {
            return Optional.empty();
        }
        Path bundle = scratch.resolve("certificates.pem");
        try {
            CertificateBundle.write(bundle, files);
            return Optional.of(bundle);
        } catch (IOException e) {
            throw new RcloneUnusableException(
                    "Failed to gather the stores' certificates for rclone in %s: %s; mend the stores' ca-certificate"
                            .formatted(bundle, reason(e)),
                    e);
        }
    }

    /** Asks for the version. */
    String readVersion(RcloneProcess runnable) {
        List<String> lines = new ArrayList<>();
        try {
            ProcessResult processResult = runnable.run(List.of(program, "version"), lines::add);
            RcloneVersion found = lines.stream()
                    .findFirst()
                    .flatMap(RcloneVersion::parse)
                    .orElseThrow(() -> new RcloneUnusableException(
                            "Failed to start %s: asked for its version it ended with %d and did not answer as rclone does; %s"
                                    .formatted(program, processResult.exitCode(), REMEDY)));
            if (found.isOlderThan(RcloneVersion.MINIMUM)) {
                throw new RcloneUnusableException("Failed to start %s: it is rclone %s, which is too old; %s"
                        .formatted(program, found.name(), REMEDY));
            }
            return found.name();
        } catch (IOException e) {
            throw new RcloneUnusableException("Failed to start %s: %s; %s".formatted(program, reason(e), REMEDY), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RcloneUnusableException("Failed to start %s: interrupted".formatted(program), e);
        }
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
