package dev.registrybackup.reconcile;

import dev.registrybackup.reconcile.ReconcileStats.Count;
import java.util.List;

/**
 * Tells a registry whose images are deleted one by one from one that is lost, and raises an alarm for the second. OpenShift
 * empties the bucket of a registry that is set to Removed (cluster-image-registry-operator {@code pkg/storage/s3/s3.go}).
 */
final class MassDeletionGuard {
    private final ReconcilePolicy reconcilePolicy;
    private final ReconcileStats reconcileStats;
    private final Alarms alarms;

    MassDeletionGuard(ReconcilePolicy reconcilePolicy, ReconcileStats reconcileStats, Alarms alarms) {
        this.reconcilePolicy = reconcilePolicy;
        this.reconcileStats = reconcileStats;
        this.alarms = alarms;
    }

    /**
     * Looks at what was counted.
     *
     * @param failed why parts could not be compared
     * @param hasRunBefore whether there was a run to compare with
     * @return whether removals are out of the question in this run, alarm or not
     */
    boolean check(List<String> failed, boolean hasRunBefore) {
        long there = reconcileStats.total(Count.IN_REGISTRY);
        long gone = reconcileStats.total(Count.MISSING_IN_REGISTRY);
        long lately = reconcileStats.total(Count.NEWLY_MISSING_IN_REGISTRY);
        boolean isEmpty = failed.isEmpty() && there == 0 && gone > 0;
        if (isEmpty && lately > 0) {
            alarms.raise(
                    "registry-empty", "The registry's store holds nothing, and the backup %d objects".formatted(gone));
        } else if (hasRunBefore && isMassDeletion(lately, there)) {
            alarms.raise(
                    "mass-deletion",
                    "%d objects are absent from the registry that were there at the run before; %d are there"
                            .formatted(lately, there));
        }
        if (!failed.isEmpty() && reconcilePolicy.isMirror()) {
            alarms.raise(
                    "comparison-failed",
                    "%d parts could not be compared, the first: %s".formatted(failed.size(), failed.get(0)));
        }
        return isEmpty || !failed.isEmpty();
    }

    private boolean isMassDeletion(long lately, long there) {
        return lately > reconcilePolicy.alarmCount() || lately > reconcilePolicy.alarmShare() * (there + lately);
    }
}
