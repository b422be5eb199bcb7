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
 * Asks the store once more before it reports what is wrong by its listing, so that pushes and deletions meanwhile are no
 * findings. For one thread.
 */
final class FindingConfirmer {
    private final VerifyContext context;
    private final List<CandidateFinding> candidates = new ArrayList<>();

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
            Optional<Digest> oncePerBlob) {}

    FindingConfirmer(VerifyContext context) {
        this.context = context;
    }

    /** Takes one to be confirmed. */
    void add(CandidateFinding candidate) {
        candidates.add(candidate);
    }

    /** Reports those that hold. Of what could not be told that is reported instead. */
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
