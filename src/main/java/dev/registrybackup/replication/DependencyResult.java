package dev.registrybackup.replication;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.replication.BlockedLinks.Reason;
import dev.registrybackup.replication.BlockedLinks.Waiting;
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
record DependencyResult(Set<Reason> reasons, long bytes) {
    static final DependencyResult COMPLETE = new DependencyResult(Set.of(), 0);

    /** A manifest may name thousands of parts that the registry lacks; each on record is an object. */
    private static final int MOST_RECORDED = 100;

    DependencyResult {
        reasons = Set.copyOf(reasons);
    }

    static DependencyResult of(Digest digest, BlobResult copy, String whenAbsent) {
        return switch (copy.state()) {
            case COPIED, PRESENT, ONLY_BACKUP_GOOD -> new DependencyResult(Set.of(), copy.bytes());
            case ABSENT -> lacking(digest, whenAbsent);
            case CORRUPT -> new DependencyResult(Set.of(new Reason(Waiting.WITHHELD, digest, copy.problem())), 0);
        };
    }

    static DependencyResult lacking(Digest digest, String problem) {
        return new DependencyResult(Set.of(new Reason(Waiting.INCOMPLETE, digest, problem)), 0);
    }

    DependencyResult plus(DependencyResult other) {
        return all(List.of(this, other));
    }

    static DependencyResult all(List<DependencyResult> parts) {
        Set<Reason> reasons =
                parts.stream().flatMap(part -> part.reasons.stream()).collect(Collectors.toSet());
        return new DependencyResult(
                reasons, parts.stream().mapToLong(DependencyResult::bytes).sum());
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
