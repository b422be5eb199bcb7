package dev.registrybackup.reconcile.rclone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.s3.ProcessCredentials;
import dev.registrybackup.objectstore.s3.S3Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RcloneStartTest {
    private static final String REMEDY =
            "install rclone 1.60 or later (Debian: apt-get install rclone), or set reconcile.rclone to its path";

    private final Path folder;
    private final FakeRclone fakeRclone;

    RcloneStartTest(@TempDir Path folder) {
        this.folder = folder;
        this.fakeRclone = new FakeRclone(folder);
    }

    @ParameterizedTest
    @CsvSource({
        "rclone v1.60.1-DEV, v1.60.1-DEV",
        "rclone v1.60.0, v1.60.0",
        "rclone v1.71.0, v1.71.0",
        "rclone v1.73.5-beta.8991.abcdef123, v1.73.5-beta.8991.abcdef123",
        "rclone v2.0.0, v2.0.0"
    })
    void aVersionThatIsNewEnoughIsReturned(String printed, String version) {
        // Given
        fakeRclone.version(printed + "\n- os/type: linux\n");

        // When
        Rclone rclone = create(fakeRclone.path());

        // Then
        assertEquals(version, rclone.version());
    }

    @Test
    void credentialsAreNoLongerServedIfItCannotBeStarted() {
        // Given
        RcloneProcess process = new RcloneProcess(
                fakeRclone.path(),
                Map.of(),
                Optional.of(() -> {
                    throw new IOException("nobody asks");
                }),
                Optional.empty(),
                folder.resolve("missing"));
        long before = credentialsServers();

        // When
        Optional<String> problem = process.run(List.of(fakeRclone.path(), "lsf"), line -> {});

        // Then
        assertTrue(problem.orElse("").startsWith("rclone could not be run or read: "), problem::toString);
        Awaitility.await().until(() -> credentialsServers() <= before);
    }

    private static long credentialsServers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("HTTP-Dispatcher"))
                .count();
    }

    @ParameterizedTest
    @CsvSource({"rclone v1.59.2, v1.59.2", "rclone v1.9.0, v1.9.0", "rclone v0.99.1, v0.99.1"})
    void anOlderOneIsRefused(String printed, String version) {
        // Given
        fakeRclone.version(printed + "\n");

        // When
        RcloneUnusableException refusal = assertThrows(RcloneUnusableException.class, () -> create(fakeRclone.path()));

        // Then
        assertEquals(
                "Failed to start %s: it is rclone %s, which is too old; %s"
                        .formatted(fakeRclone.path(), version, REMEDY),
                refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"''", "rclone", "git version 2.39.5", "rclone v1"})
    void aProgramThatAnswersOtherwiseIsRefused(String printed) {
        // Given
        fakeRclone.version(printed);

        // When
        RcloneUnusableException refusal = assertThrows(RcloneUnusableException.class, () -> create(fakeRclone.path()));

        // Then
        assertEquals(
                "Failed to start %s: its command \"version\" exited with 0 and printed no rclone version; %s"
                        .formatted(fakeRclone.path(), REMEDY),
                refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"missing, 'error=2, No such file or directory'", "text, 'error=13, Permission denied'"})
    void whatIsNoProgramIsReportedWithTheRemedy(String name, String why) throws IOException {
        // Given
        Files.writeString(folder.resolve("text"), "text");
        String program = folder.resolve(name).toString();

        // When
        RcloneUnusableException refusal = assertThrows(RcloneUnusableException.class, () -> create(program));

        // Then
        assertEquals(
                "Failed to start %s: Cannot run program \"%s\": %s; %s".formatted(program, program, why, REMEDY),
                refusal.getMessage());
    }

    @Test
    void aScratchDirectoryThatIsAFileIsReported() throws IOException {
        // Given
        Path file = Files.writeString(folder.resolve("file"), "");

        // When
        RcloneUnusableException refusal =
                assertThrows(RcloneUnusableException.class, () -> create(fakeRclone.path(), directory("backup"), file));

        // Then
        assertTrue(
                String.valueOf(refusal.getMessage()).startsWith("Failed to prepare runs of rclone in " + file + ": "),
                refusal.getMessage());
    }

    @Test
    void storesWithCertificatesOfTheirOwnGetOneBundleWithTheSystemsRoots() throws Exception {
        // Given
        Path roots = folder.resolve("roots.pem");
        CertificateBundle.write(roots, List.of());
        String all = Files.readString(roots);
        String first = all.substring(0, all.indexOf("-----BEGIN", 1));
        Path own = Files.writeString(folder.resolve("own.pem"), first);

        // When
        Rclone rclone = create(fakeRclone.path(), bucketTrusting(own), folder.resolve("scratch"));

        // Then
        assertEquals("v1.60.1-DEV", rclone.version());
        Path bundle = folder.resolve("scratch/certificates.pem");
        assertEquals(certificates(roots) + 1, certificates(bundle));
        assertTrue(Files.readString(bundle).endsWith(first));
    }

    @Test
    void aFileOfCertificatesWithoutAnyIsReported() throws IOException {
        // Given
        Path empty = Files.writeString(folder.resolve("empty.pem"), "");

        // When
        RcloneUnusableException refusal = assertThrows(
                RcloneUnusableException.class,
                () -> create(fakeRclone.path(), bucketTrusting(empty), folder.resolve("scratch")));

        // Then
        assertEquals(
                "Failed to collect the stores' certificates for rclone in %s: %s contains no certificate; fix the stores' ca-certificate"
                        .formatted(folder.resolve("scratch/certificates.pem"), empty),
                refusal.getMessage());
    }

    private static int certificates(Path pem) throws Exception {
        try (var content = Files.newInputStream(pem)) {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(content)
                    .size();
        }
    }

    private Rclone create(String program) {
        return create(program, directory("backup"), folder.resolve("scratch"));
    }

    private Rclone create(String program, RcloneRemote backup, Path scratch) {
        return Rclone.create(program, directory("registry"), backup, new ProcessCredentials(), scratch);
    }

    private RcloneRemote directory(String name) {
        return new RcloneRemote(name, Optional.empty(), Optional.of(folder));
    }

    private static RcloneRemote bucketTrusting(Path certificates) {
        S3Settings settings = new S3Settings(
                "backup",
                Optional.empty(),
                Optional.empty(),
                "bucket",
                Optional.empty(),
                false,
                Optional.of(certificates),
                S3Settings.WriteOptions.DEFAULT);
        return new RcloneRemote("backup", Optional.of(settings), Optional.empty());
    }
}
