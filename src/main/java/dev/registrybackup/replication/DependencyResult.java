package dev.registrybackup.replication;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.replication.BlockedLinks.BlockCause;
import dev.registrybackup.replication.BlockedLinks.LinkState;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Whether a link's dependencies are in the backup.
 *
 * @param causes the missing and corrupt dependencies
 * @param bytesCopied how many bytes were copied for it
 */
record DependencyResult(Set<BlockCause> causes, long bytesCopied) {
    static final DependencyResult COMPLETE = new DependencyResult(Set.of(), 0);

    /** A manifest can have thousands of missing dependencies, and each record is an object. */
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

    static DependencyResult combine(List<DependencyResult> results) {
        Set<BlockCause> causes =
                results.stream().flatMap(result -> result.causes.stream()).collect(Collectors.toSet());
        return new DependencyResult(
                causes,
                results.stream().mapToLong(DependencyResult::bytesCopied).sum());
    }

    /** The causes to record: at most {@value #MAX_RECORDED_CAUSES}, corrupt dependencies first. */
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

    /** Describes up to five causes, for a human; empty if there are none. */
    String problem() {
        return causes.stream()
                .map(blockCause -> blockCause.dependency() + ": " + blockCause.problem())
                .sorted()
                .limit(5)
                .collect(Collectors.joining("; "));
    }
}
