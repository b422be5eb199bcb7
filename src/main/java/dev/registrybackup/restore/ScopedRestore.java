package dev.registrybackup.restore;

import dev.registrybackup.concurrent.BoundedTaskGroup;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.List;

/** Does what a plan says, and nothing above a blob that could not be brought. For one thread. */
final class ScopedRestore {
    private static final int AT_ONCE = 32;

    private final BlobRestorer blobs;
    private final LinkWriter links;
    private final WorkerPools workerPools;
    private final ProgressTracker progressTracker;

    ScopedRestore(BlobRestorer blobs, LinkWriter links, WorkerPools workerPools, ProgressTracker progressTracker) {
        this.blobs = blobs;
        this.links = links;
        this.workerPools = workerPools;
        this.progressTracker = progressTracker;
    }

    /** Does it, and says whether all of it could be done. */
    boolean run(ScopedPlan plan) {
        progressTracker.phase("blobs");
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, AT_ONCE);
        for (BlobStep step : plan.blobs()) {
            boundedTaskGroup.submit(
                    step.inBackup().size(), () -> blobs.restore(step.digest(), step.inBackup(), step.inTarget()));
        }
        boundedTaskGroup.await();
        ImageCompleteness now =
                new ImageCompleteness(plan.manifests(), digest -> !blobs.hasFailed(digest), digest -> false);
        boolean all = plan.blobs().stream().noneMatch(step -> blobs.hasFailed(step.digest()));
        for (List<LinkStep> rank : plan.links().values()) {
            all &= write(rank, now);
        }
        return all && plan.isWhole();
    }

    private boolean write(List<LinkStep> rank, ImageCompleteness now) {
        progressTracker.phase(rank.get(0).path().kind().label() + "s");
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, AT_ONCE);
        boolean all = true;
        for (LinkStep step : rank) {
            if (isWhole(step, now)) {
                boundedTaskGroup.submit(0, () -> links.write(step.path(), step.target()));
            } else {
                all = false;
                withhold(step);
            }
        }
        boundedTaskGroup.await();
        return all;
    }

    private boolean isWhole(LinkStep step, ImageCompleteness now) {
        Digest target = step.target();
        return step.path().kind() == Kind.LAYER_LINK
                ? !blobs.hasFailed(target)
                : now.of(target).isWhole();
    }

    private void withhold(LinkStep step) {
        if (step.path().kind() != Kind.LAYER_LINK) {
            progressTracker.found(new Finding(
                    FindingCode.BLOB_MISSING,
                    links.restoreEndpoints().targetKey(step.path()),
                    "not written, since something that %s needs could not be brought".formatted(step.target())));
        }
    }
}
