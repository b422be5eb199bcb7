package dev.registrybackup.verify;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.verify.BlobStates.Mark;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Asks the store once more before a suspicion is reported, so that pushes and deletions meanwhile are no findings. */
final class FindingConfirmer {
    private final VerifyContext verifyContext;

    FindingConfirmer(VerifyContext verifyContext) {
        this.verifyContext = verifyContext;
    }

    /** Reports those that hold. Of what could not be told that is reported instead. */
    void report(List<CandidateFinding> suspicions) {
        Map<String, Boolean> there = ask(suspicions.stream()
                .flatMap(candidateFinding ->
                        Stream.concat(candidateFinding.absent().stream(), Stream.of(candidateFinding.standing())))
                .collect(Collectors.toSet()));
        for (CandidateFinding candidateFinding : suspicions) {
            boolean isAbsent = candidateFinding
                    .absent()
                    .map(key -> Boolean.FALSE.equals(there.get(key)))
                    .orElse(true);
            boolean stands = there.getOrDefault(candidateFinding.standing(), true);
            if (isAbsent && stands && isFirst(candidateFinding)) {
                verifyContext
                        .findingCollector()
                        .found(candidateFinding.code(), candidateFinding.subject(), candidateFinding.problem());
            }
        }
    }

    private boolean isFirst(CandidateFinding candidateFinding) {
        return candidateFinding
                .once()
                .map(blob -> verifyContext.table().mark(blob, Mark.REPORTED))
                .orElse(true);
    }

    private Map<String, Boolean> ask(Set<String> keys) {
        Map<String, Boolean> there = new ConcurrentHashMap<>();
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.AT_ONCE);
        for (String key : keys) {
            boundedTaskGroup.submit(0, () -> ask(key, there));
        }
        boundedTaskGroup.await();
        return there;
    }

    private void ask(String key, Map<String, Boolean> there) {
        try {
            there.put(key, verifyContext.store().find(key).isPresent());
        } catch (ObjectStoreException e) {
            verifyContext.findingCollector().untold(key, e);
        }
    }
}
