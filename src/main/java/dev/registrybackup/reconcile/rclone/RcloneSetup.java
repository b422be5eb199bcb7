package dev.registrybackup.reconcile.rclone;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Everything that rclone needs to run: a usable program, its environment and the files it reads.
 *
 * @param version as the program prints it, such as {@code v1.60.1-DEV}
 * @param process runs the program
 * @param emptyDirectory a directory that is empty and stays so
 */
record RcloneSetup(String version, RcloneProcess process, Path emptyDirectory) {
    // Debian 12 has 1.60, and everything used here is tested with it.
    private static final int MINIMUM_MAJOR = 1;
    private static final int MINIMUM_MINOR = 60;
    private static final String REMEDY =
            "install rclone 1.60 or later (Debian: apt-get install rclone), or set reconcile.rclone to its path";
    private static final Set<String> REGION_VARIABLES = Set.of("AWS_REGION", "AWS_DEFAULT_REGION");
    private static final Pattern VERSION_LINE = Pattern.compile("rclone (v(\\d{1,6})\\.(\\d{1,6})\\S*)");

    /**
     * Creates the scratch directory and its files, and reads the program's version. Sends no request to the stores.
     *
     * @param program its name on the PATH, or its path
     * @param remotes the stores of the runs
     * @param foreignPlace a location, {@code remote:path} or a directory, whose remote only the environment configures
     * @param scratch a directory that nothing else uses; created if missing
     * @throws RcloneUnusableException if the program is missing, cannot be run or is older than 1.60, if the scratch
     * directory cannot be written, or a store's file of certificates cannot be read
     */
    static RcloneSetup prepare(
            String program,
            List<RcloneRemote> remotes,
            Optional<String> foreignPlace,
            Optional<CredentialsEndpoint.Source> credentials,
            Path scratch) {
        Path empty = scratch.resolve("empty");
        Path configuration = scratch.resolve("rclone.conf");
        try {
            Files.createDirectories(empty);
            Files.write(configuration, new byte[0]);
        } catch (IOException e) {
            throw new RcloneUnusableException(
                    "Failed to prepare runs of rclone in %s: %s; make it a writable directory"
                            .formatted(scratch, reason(e)),
                    e);
        }
        RcloneProcess process = new RcloneProcess(
                program,
                environment(System.getenv(), configuration, remotes, foreignPlace),
                credentials.filter(source -> usesProcessCredentials(remotes)),
                writeCertificates(remotes, scratch.resolve("certificates.pem")),
                scratch);
        return new RcloneSetup(readVersion(program, process), process, empty);
    }

    private static boolean usesProcessCredentials(List<RcloneRemote> remotes) {
        return remotes.stream().anyMatch(RcloneRemote::usesProcessCredentials);
    }

    /**
     * The environment of rclone: the parent's, with only this program's settings for rclone, and of AWS's variables
     * only the region. rclone gets credentials from {@link CredentialsEndpoint}: if a store has an endpoint, rclone
     * itself would request a role from the store and not from AWS.
     */
    static Map<String, String> environment(
            Map<String, String> parent, Path configuration, List<RcloneRemote> remotes, Optional<String> foreignPlace) {
        Map<String, String> environment = new TreeMap<>(parent);
        // The settings of the foreign place's remote; a directory has none.
        Optional<String> kept = foreignPlace.map(place -> "RCLONE_CONFIG_"
                + place.substring(0, Math.max(place.indexOf(':'), 0)).toUpperCase(Locale.ROOT) + "_");
        environment
                .keySet()
                .removeIf(name -> name.startsWith("RCLONE_")
                        && kept.filter(name::startsWith).isEmpty());
        // With AWS_CA_BUNDLE, for example, rclone 1.60 exits at once.
        environment.keySet().removeIf(name -> name.startsWith("AWS_") && !REGION_VARIABLES.contains(name));
        if (usesProcessCredentials(remotes)) {
            // Otherwise the files in the user's home would take precedence over the endpoint.
            environment.put("AWS_CONFIG_FILE", configuration.toString());
            environment.put("AWS_SHARED_CREDENTIALS_FILE", configuration.toString());
        }
        // Otherwise it would read the user's own configuration and its remotes of the same name.
        environment.put("RCLONE_CONFIG", configuration.toString());
        remotes.forEach(rcloneRemote -> environment.putAll(rcloneRemote.environment()));
        return environment;
    }

    private static Optional<Path> writeCertificates(List<RcloneRemote> remotes, Path bundle) {
        List<Path> files = remotes.stream()
                .flatMap(rcloneRemote -> rcloneRemote.caCertificate().stream())
                .toList();
        if (files.isEmpty()) {
            return Optional.empty();
        }
        try {
            CertificateBundle.write(bundle, files);
            return Optional.of(bundle);
        } catch (IOException e) {
            throw new RcloneUnusableException(
                    "Failed to collect the stores' certificates for rclone in %s: %s; fix the stores' ca-certificate"
                            .formatted(bundle, reason(e)),
                    e);
        }
    }

    private static String readVersion(String program, RcloneProcess process) {
        List<String> lines = new ArrayList<>();
        RcloneProcess.Result result;
        try {
            result = process.runToEnd(List.of(program, "version"), lines::add);
        } catch (IOException e) {
            throw new RcloneUnusableException("Failed to start %s: %s; %s".formatted(program, reason(e), REMEDY), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RcloneUnusableException("Failed to start %s: interrupted".formatted(program), e);
        }
        Matcher found = VERSION_LINE.matcher(lines.isEmpty() ? "" : lines.get(0).strip());
        if (!found.matches()) {
            throw new RcloneUnusableException(
                    "Failed to start %s: its command \"version\" exited with %d and printed no rclone version; %s"
                            .formatted(program, result.exitCode(), REMEDY));
        }
        int major = Integer.parseInt(found.group(2));
        if (major < MINIMUM_MAJOR || (major == MINIMUM_MAJOR && Integer.parseInt(found.group(3)) < MINIMUM_MINOR)) {
            throw new RcloneUnusableException("Failed to start %s: it is rclone %s, which is too old; %s"
                    .formatted(program, found.group(1), REMEDY));
        }
        return found.group(1);
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
