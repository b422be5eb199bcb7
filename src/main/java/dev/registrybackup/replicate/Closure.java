package dev.registrybackup.replicate;

import dev.registrybackup.content.Digest;
import dev.registrybackup.ledger.OpenLinks.Reason;
import dev.registrybackup.ledger.OpenLinks.Waiting;
import dev.registrybackup.transfer.BlobCopy;
import java.util.Comparator;
import java.util.List;
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

    /** A manifest may name thousands of parts that the registry lacks; each on record is an object. */
    private static final int MOST_RECORDED = 100;

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
        return all(List.of(this, other));
    }

    static Closure all(List<Closure> parts) {
        Set<Reason> reasons =
                parts.stream().flatMap(part -> part.reasons.stream()).collect(Collectors.toSet());
        return new Closure(reasons, parts.stream().mapToLong(Closure::bytes).sum());
    }

    /** The reasons that go on record: corrupt parts first, and not all of them where there are very many. */
    Set<Reason> recorded() {
        return reasons.stream()
                .sorted(Comparator.comparing(Reason::why)
                        .reversed()
                        .thenComparing(reason -> reason.part().toString()))
                .limit(MOST_RECORDED)
                .collect(Collectors.toSet());
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
