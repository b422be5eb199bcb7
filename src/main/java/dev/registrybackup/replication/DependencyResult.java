package dev.registrybackup.replication;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.replication.BlockedLinks.BlockCause;
import dev.registrybackup.replication.BlockedLinks.LinkState;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How everything below a link stands in the backup. Closures add up.
 *
 * @param causes what is lacking or corrupt, and why
 * @param bytesCopied how many bytes were copied to bring it about
 */
record DependencyResult(Set<BlockCause> causes, long bytesCopied) {
    static final DependencyResult COMPLETE = new DependencyResult(Set.of(), 0);

    /** A manifest may name thousands of parts that the registry lacks; each on record is an object. */
    private static final int MAX_RECORDED_CAUSES = 100;

    DependencyResult {
        causes = Set.copyOf(causes);
    }

    static DependencyResult of(Digest digest, ReplicationResult copy, String whenAbsent) {
        if (copy.isInBackup()) {
            return new DependencyResult(Set.of(), copy.bytesCopied());
        }
        return copy.status() == ReplicationStatus.CORRUPT
                ? new DependencyResult(Set.of(new BlockCause(LinkState.BLOCKED, digest, copy.problem())), 0)
                : missing(digest, whenAbsent);
    }

    static DependencyResult missing(Digest digest, String problem) {
        return new DependencyResult(Set.of(new BlockCause(LinkState.PARTIAL, digest, problem)), 0);
    }

    DependencyResult plus(DependencyResult other) {
        return combine(List.of(this, other));
    }

    static DependencyResult combine(List<DependencyResult> parts) {
        Set<BlockCause> reasons =
                parts.stream().flatMap(part -> part.causes.stream()).collect(Collectors.toSet());
        return new DependencyResult(
                reasons, parts.stream().mapToLong(DependencyResult::bytesCopied).sum());
    }

    /** The reasons that go on record: corrupt parts first, and not all of them where there are very many. */
    Set<BlockCause> recordedCauses() {
        return causes.stream()
                .sorted(Comparator.comparing(BlockCause::state)
                        .reversed()
                        .thenComparing(blockCause -> blockCause.dependency().toString()))
                .limit(MAX_RECORDED_CAUSES)
                .collect(Collectors.toSet());
    }

    boolean isComplete() {
        return causes.isEmpty();
    }

    boolean isCorrupt() {
        return causes.stream().anyMatch(blockCause -> blockCause.state() == LinkState.BLOCKED);
    }

    /** What is lacking or corrupt, in words. */
    String problem() {
        return causes.stream()
                .map(blockCause -> blockCause.dependency() + ": " + blockCause.problem())
                .sorted()
                .limit(5)
                .collect(Collectors.joining("; "));
    }
}
