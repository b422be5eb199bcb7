package dev.registrybackup.imagestream;

import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/**
 * The keys of captures in the backup bucket:
 *
 * <pre>
 * registry-backup/openshift/
 *   bodies/3f/3f…e1.json.gz                               an object, under the SHA-256 of its JSON
 *   changes/ns/app/20261122T100000.123Z-1f2e3d4c.json     an ImageStream as it was read at that time
 *   snapshots/20261122T100000.123Z-1f2e3d4c.ndjson.gz     all of them, read until that time
 * </pre>
 */
final class CaptureKeys {
    static final String ROOT = RegistryLayout.METADATA_PREFIX + "openshift/";
    static final String BODIES = ROOT + "bodies/";
    static final String CHANGES = ROOT + "changes/";
    static final String SNAPSHOTS = ROOT + "snapshots/";

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final int TIME_LENGTH = 20;
    private static final int HASH_LENGTH = DigestAlgorithm.SHA256.hexLength();

    private CaptureKeys() {}

    static String body(String hash) {
        return BODIES + hash.substring(0, 2) + "/" + hash + ".json.gz";
    }

    static String changes(RepositoryName stream) {
        return CHANGES + stream + "/";
    }

    static String change(RepositoryName stream, Instant read, String random) {
        return changes(stream) + TIME.format(read) + "-" + random + ".json";
    }

    static String snapshot(Instant ended, String random) {
        return SNAPSHOTS + TIME.format(ended) + "-" + random + ".ndjson.gz";
    }

    /** The time in a change's or snapshot's key, to the millisecond; empty for any other key. */
    static Optional<Instant> time(String key) {
        String name = key.substring(key.lastIndexOf('/') + 1);
        if (name.length() < TIME_LENGTH) {
            return Optional.empty();
        }
        try {
            return Optional.of(TIME.parse(name.substring(0, TIME_LENGTH), Instant::from));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** Whether the key is a change's or a snapshot's from that time or earlier. */
    static boolean isUpTo(String key, Instant time) {
        return time(key).filter(captured -> !captured.isAfter(time)).isPresent();
    }

    /** Whether the key is a change's or a snapshot's from after that time. */
    static boolean isAfter(String key, Instant time) {
        return time(key).filter(captured -> captured.isAfter(time)).isPresent();
    }

    /** The hash in a body's key; empty for any other key. */
    static Optional<String> hashOf(String bodyKey) {
        int from = bodyKey.lastIndexOf('/') + 1;
        return Optional.of(bodyKey)
                .filter(key -> key.length() > from + HASH_LENGTH)
                .map(key -> key.substring(from, from + HASH_LENGTH))
                .filter(hash -> body(hash).equals(bodyKey));
    }

    /** The repository in a change's key; empty for any other key. */
    static Optional<RepositoryName> repositoryOf(String changeKey) {
        int end = changeKey.lastIndexOf('/');
        if (end <= CHANGES.length() || time(changeKey).isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new RepositoryName(changeKey.substring(CHANGES.length(), end)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
