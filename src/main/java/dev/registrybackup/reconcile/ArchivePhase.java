package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RegistryLayout;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/** Brings a second place up to the backup, unless something may be wrong with that. */
final class ArchivePhase {
    private final StorePair storePair;
    private final Reconciliation.Tools tools;
    private final Fence fence;
    private final ProgressTracker progressTracker;
    private final Consumer<Finding> findings;

    ArchivePhase(
            StorePair storePair,
            Reconciliation.Tools tools,
            Fence fence,
            ProgressTracker progressTracker,
            Consumer<Finding> found) {
        this.storePair = storePair;
        this.tools = tools;
        this.fence = fence;
        this.progressTracker = progressTracker;
        this.findings = found;
    }

    /**
     * Does it, and says in the summary what came of it.
     *
     * @param isCompared whether everything could be compared
     * @return whether nothing is left to do
     */
    boolean update(boolean isCompared, Path scratch, Instant now, ObjectNode summary) {
        if (tools.archiveFactory().isEmpty()) {
            return true;
        }
        if (!isCompared
                || !new Alarms(storePair.backup(), tools.clock()).openAlarms().isEmpty()) {
            summary.put("archive", "left as it is: there are alarms, or parts that could not be compared");
            return true;
        }
        progressTracker.phase("writing to the archive");
        Optional<String> problem = tools.archiveFactory()
                .get()
                .apply(scratch)
                .update(storePair.layout().prefix(), RegistryLayout.METADATA_PREFIX, now, fence::check);
        summary.put("archive", problem.orElse("as the backup"));
        problem.ifPresent(text -> findings.accept(new Finding(FindingCode.UNDETERMINED, "archive", text)));
        return problem.isEmpty();
    }
}
