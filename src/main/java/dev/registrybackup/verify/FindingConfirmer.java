package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.verify.BlobStates.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Checks the store again before it reports a problem found by listing, so that concurrent pushes and deletions cause no
 * findings. For one thread.
 */
final class FindingConfirmer {
    private final VerifyContext context;
    private final List<CandidateFinding> candidates = new ArrayList<>();

    /**
     * A problem that follows from a listing. The listing is older than the conclusion: a missing object may have been
     * pushed since, a listed one deleted.
     *
     * @param code the finding's code, if confirmed
     * @param subject the image, link or blob
     * @param problem what is wrong and what to do
     * @param absentKey the key that must still be missing
     * @param presentKey the key that must still exist
     * @param oncePerBlob the blob for which it is reported only once
     */
    record CandidateFinding(
            FindingCode code,
            String subject,
            String problem,
            Optional<String> absentKey,
            String presentKey,
            Optional<Digest> oncePerBlob) {}

    FindingConfirmer(VerifyContext context) {
        this.context = context;
    }

    /** Adds a candidate to confirm. */
    void add(CandidateFinding candidate) {
        candidates.add(candidate);
    }

    /** Reports the confirmed candidates; reports one that cannot be determined as unknown. */
    void reportConfirmed() {
        Map<String, Boolean> isPresent = head(candidates.stream()
                .flatMap(candidate -> Stream.concat(candidate.absentKey().stream(), Stream.of(candidate.presentKey())))
                .collect(Collectors.toSet()));
        for (CandidateFinding candidate : candidates) {
            boolean isAbsent = candidate
                    .absentKey()
                    .map(key -> Boolean.FALSE.equals(isPresent.get(key)))
                    .orElse(true);
            if (isAbsent && isPresent.getOrDefault(candidate.presentKey(), true) && isFirst(candidate)) {
                context.report(candidate.code(), candidate.subject(), candidate.problem());
            }
        }
    }

    private boolean isFirst(CandidateFinding candidate) {
        return candidate
                .oncePerBlob()
                .map(blob -> context.blobs().mark(blob, Mark.REPORTED))
                .orElse(true);
    }

    private Map<String, Boolean> head(Set<String> keys) {
        Map<String, Boolean> isPresent = new ConcurrentHashMap<>();
        BoundedTaskGroup tasks = context.tasks();
        for (String key : keys) {
            tasks.submit(0, () -> {
                try {
                    isPresent.put(key, context.store().store().head(key).isPresent());
                } catch (ObjectStoreException e) {
                    context.reportUnknown(key, e);
                }
            });
        }
        tasks.await();
        return isPresent;
    }
}
