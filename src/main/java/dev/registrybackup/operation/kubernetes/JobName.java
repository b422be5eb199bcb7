package dev.registrybackup.operation.kubernetes;

import dev.registrybackup.operation.OperationRequest;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * The name of the Job of a kind and slot. It is always the same, and Kubernetes has no two Jobs of one name: so there is
 * one operation at a time.
 */
final class JobName {
    /** A pod's name is its Job's and eleven characters more, and has to fit into a host name. */
    static final int MAX_LENGTH = 52;

    private static final int HASH_LENGTH = 8;

    private JobName() {}

    static String of(OperationRequest request) {
        String wanted = request.kind().label() + "-" + request.slot();
        String safe = trimTrailingDashes(wanted.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-"));
        if (safe.equals(wanted) && safe.length() <= MAX_LENGTH) {
            return safe;
        }
        // Told apart from others that come out alike.
        String hash = Digest.of(DigestAlgorithm.SHA256, wanted.getBytes(StandardCharsets.UTF_8))
                .hex()
                .substring(0, HASH_LENGTH);
        return trimTrailingDashes(safe.substring(0, Math.min(safe.length(), MAX_LENGTH - HASH_LENGTH - 1))) + "-"
                + hash;
    }

    private static String trimTrailingDashes(String name) {
        return name.replaceAll("-+$", "");
    }
}
