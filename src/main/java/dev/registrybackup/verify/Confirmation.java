package dev.registrybackup.verify;

import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.transfer.Window;
import dev.registrybackup.verify.BlobTable.Mark;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Asks the store once more before a suspicion is reported, so that pushes and deletions meanwhile are no findings. */
final class Confirmation {
    private final Inquiry inquiry;

    Confirmation(Inquiry inquiry) {
        this.inquiry = inquiry;
    }

    /** Reports those that hold. Of what could not be told that is reported instead. */
    void report(List<Suspicion> suspicions) {
        Map<String, Boolean> there = ask(suspicions.stream()
                .flatMap(suspicion -> Stream.concat(suspicion.absent().stream(), Stream.of(suspicion.standing())))
                .collect(Collectors.toSet()));
        for (Suspicion suspicion : suspicions) {
            boolean isAbsent = suspicion
                    .absent()
                    .map(key -> Boolean.FALSE.equals(there.get(key)))
                    .orElse(true);
            boolean stands = there.getOrDefault(suspicion.standing(), true);
            if (isAbsent && stands && isFirst(suspicion)) {
                inquiry.tally().found(suspicion.code(), suspicion.subject(), suspicion.problem());
            }
        }
    }

    private boolean isFirst(Suspicion suspicion) {
        return suspicion
                .once()
                .map(blob -> inquiry.table().mark(blob, Mark.REPORTED))
                .orElse(true);
    }

    private Map<String, Boolean> ask(Set<String> keys) {
        Map<String, Boolean> there = new ConcurrentHashMap<>();
        Window window = new Window(inquiry.lanes(), Inquiry.AT_ONCE);
        for (String key : keys) {
            window.submit(0, () -> ask(key, there));
        }
        window.await();
        return there;
    }

    private void ask(String key, Map<String, Boolean> there) {
        try {
            there.put(key, inquiry.store().find(key).isPresent());
        } catch (ObjectStoreException e) {
            inquiry.tally().untold(key, e);
        }
    }
}
