package dev.registrybackup.replicate;

import dev.registrybackup.content.Digest;
import dev.registrybackup.ledger.OpenLinks.Reason;
import dev.registrybackup.ledger.OpenLinks.Waiting;
import dev.registrybackup.transfer.BlobCopy;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How everything below a link stands in the backup. Closures add up.
 *
 * @param reasons what is lacking or corrupt, and why
 * @param bytes how many bytes were copied to bring it about
 */
record Closure(Set<Reason> reasons, long bytes) {
    static final Closure COMPLETE = new Closure(Set.of(), 0);

    Closure {
        reasons = Set.copyOf(reasons);
    }

    static Closure of(Digest digest, BlobCopy copy, String whenAbsent) {
        return switch (copy.state()) {
            case COPIED, PRESENT, ONLY_BACKUP_GOOD -> new Closure(Set.of(), copy.bytes());
            case ABSENT -> lacking(digest, whenAbsent);
            case CORRUPT -> new Closure(Set.of(new Reason(Waiting.WITHHELD, digest, copy.problem())), 0);
        };
    }

    static Closure lacking(Digest digest, String problem) {
        return new Closure(Set.of(new Reason(Waiting.INCOMPLETE, digest, problem)), 0);
    }

    Closure plus(Closure other) {
        Set<Reason> all = new HashSet<>(reasons);
        all.addAll(other.reasons);
        return new Closure(all, bytes + other.bytes);
    }

    boolean isComplete() {
        return reasons.isEmpty();
    }

    boolean isCorrupt() {
        return reasons.stream().anyMatch(reason -> reason.why() == Waiting.WITHHELD);
    }

    /** What is lacking or corrupt, in words. */
    String problem() {
        return reasons.stream()
                .map(reason -> reason.part() + ": " + reason.problem())
                .sorted()
                .limit(5)
                .collect(Collectors.joining("; "));
    }
}
