package dev.registrybackup.verify;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.FindingCode;
import java.util.Optional;

/**
 * What is wrong if a listing tells the truth. A listing is older than what is concluded from it: what it lacks may have
 * been pushed since, and what it has may have been deleted.
 *
 * @param code what it is, if it is so
 * @param subject what it is about
 * @param problem what is the matter
 * @param absent the key that must still not be there
 * @param standing the key that must still be there
 * @param once the blob of which it is reported once only
 */
record Suspicion(
        FindingCode code,
        String subject,
        String problem,
        Optional<String> absent,
        String standing,
        Optional<Digest> once) {
    Suspicion(FindingCode code, String subject, String problem, String standing) {
        this(code, subject, problem, Optional.empty(), standing, Optional.empty());
    }

    Suspicion ifAbsent(String key) {
        return new Suspicion(code, subject, problem, Optional.of(key), standing, once);
    }

    Suspicion once(Digest blob) {
        return new Suspicion(code, subject, problem, absent, standing, Optional.of(blob));
    }
}
