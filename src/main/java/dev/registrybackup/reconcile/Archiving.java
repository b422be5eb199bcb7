package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.ledger.Alarms;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.registry.RegistryLayout;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/** Brings a second place up to the backup, unless something may be wrong with that. */
final class Archiving {
    private final Sides sides;
    private final Reconciliation.Tools tools;
    private final Permit permit;
    private final Meter meter;
    private final Consumer<Finding> found;

    Archiving(Sides sides, Reconciliation.Tools tools, Permit permit, Meter meter, Consumer<Finding> found) {
        this.sides = sides;
        this.tools = tools;
        this.permit = permit;
        this.meter = meter;
        this.found = found;
    }

    /**
     * Does it, and says in the summary what came of it.
     *
     * @param isCompared whether everything could be compared
     * @return whether nothing is left to do
     */
    boolean update(boolean isCompared, Path scratch, Instant now, ObjectNode summary) {
        if (tools.archive().isEmpty()) {
            return true;
        }
        if (!isCompared || !new Alarms(sides.backup(), tools.clock()).open().isEmpty()) {
            summary.put("archive", "left as it is: there are alarms, or parts that could not be compared");
            return true;
        }
        meter.phase("writing to the archive");
        Optional<String> problem = tools.archive()
                .get()
                .apply(scratch)
                .update(sides.layout().prefix(), RegistryLayout.BOOKKEEPING_PREFIX, now, permit::require);
        summary.put("archive", problem.orElse("as the backup"));
        problem.ifPresent(text -> found.accept(new Finding(FindingCode.COULD_NOT_TELL, "archive", text)));
        return problem.isEmpty();
    }
}
