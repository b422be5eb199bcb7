package dev.registrybackup.verify;

import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import java.util.Optional;

/**
 * What is wrong if a listing tells the truth. A listing is older than what is concluded from it: what it lacks may have
 * been pushed since, and what it has may have been deleted.
 *
 * @param code what it is, if it is so
 * @param subject what it is about
 * @param problem what is the matter
 * @param absentKey the key that must still not be there
 * @param presentKey the key that must still be there
 * @param oncePerBlob the blob of which it is reported once only
 */
record CandidateFinding(
        FindingCode code,
        String subject,
        String problem,
        Optional<String> absentKey,
        String presentKey,
        Optional<Digest> oncePerBlob) {
    CandidateFinding(FindingCode code, String subject, String problem, String presentKey) {
        this(code, subject, problem, Optional.empty(), presentKey, Optional.empty());
    }

    CandidateFinding ifAbsent(String key) {
        return new CandidateFinding(code, subject, problem, Optional.of(key), presentKey, oncePerBlob);
    }

    CandidateFinding oncePerBlob(Digest blob) {
        return new CandidateFinding(code, subject, problem, absentKey, presentKey, Optional.of(blob));
    }
}
