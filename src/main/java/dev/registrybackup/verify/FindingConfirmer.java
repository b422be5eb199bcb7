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
        Map<String, Boolean> there = head(suspicions.stream()
                .flatMap(candidateFinding ->
                        Stream.concat(candidateFinding.absentKey().stream(), Stream.of(candidateFinding.presentKey())))
                .collect(Collectors.toSet()));
        for (CandidateFinding candidateFinding : suspicions) {
            boolean isAbsent = candidateFinding
                    .absentKey()
                    .map(key -> Boolean.FALSE.equals(there.get(key)))
                    .orElse(true);
            boolean stands = there.getOrDefault(candidateFinding.presentKey(), true);
            if (isAbsent && stands && isFirst(candidateFinding)) {
                verifyContext
                        .findingCollector()
                        .add(candidateFinding.code(), candidateFinding.subject(), candidateFinding.problem());
            }
        }
    }

    private boolean isFirst(CandidateFinding candidateFinding) {
        return candidateFinding
                .oncePerBlob()
                .map(blob -> verifyContext.blobStates().mark(blob, Mark.REPORTED))
                .orElse(true);
    }

    private Map<String, Boolean> head(Set<String> keys) {
        Map<String, Boolean> there = new ConcurrentHashMap<>();
        BoundedTaskGroup boundedTaskGroup =
                new BoundedTaskGroup(verifyContext.workerPools(), VerifyContext.CONCURRENCY);
        for (String key : keys) {
            boundedTaskGroup.submit(0, () -> head(key, there));
        }
        boundedTaskGroup.await();
        return there;
    }

    private void head(String key, Map<String, Boolean> there) {
        try {
            there.put(key, verifyContext.store().head(key).isPresent());
        } catch (ObjectStoreException e) {
            verifyContext.findingCollector().unknown(key, e);
        }
    }
}
