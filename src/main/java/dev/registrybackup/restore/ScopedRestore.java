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
    private static final int CONCURRENCY = 32;

    private final BlobRestorer blobRestorer;
    private final LinkWriter linkWriter;
    private final WorkerPools workerPools;
    private final ProgressTracker progressTracker;

    ScopedRestore(BlobRestorer blobs, LinkWriter links, WorkerPools workerPools, ProgressTracker progressTracker) {
        this.blobRestorer = blobs;
        this.linkWriter = links;
        this.workerPools = workerPools;
        this.progressTracker = progressTracker;
    }

    /** Does it, and says whether all of it could be done. */
    boolean run(ScopedPlan plan) {
        progressTracker.phase("blobs");
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        for (BlobStep step : plan.blobSteps()) {
            boundedTaskGroup.submit(
                    step.inBackup().size(),
                    () -> blobRestorer.restore(step.digest(), step.inBackup(), step.inTarget()));
        }
        boundedTaskGroup.await();
        ImageCompleteness now =
                new ImageCompleteness(plan.manifests(), digest -> !blobRestorer.hasFailed(digest), digest -> false);
        boolean all = plan.blobSteps().stream().noneMatch(step -> blobRestorer.hasFailed(step.digest()));
        for (List<LinkStep> rank : plan.linkSteps().values()) {
            all &= write(rank, now);
        }
        return all && plan.isComplete();
    }

    private boolean write(List<LinkStep> rank, ImageCompleteness now) {
        progressTracker.phase(rank.get(0).path().kind().label() + "s");
        BoundedTaskGroup boundedTaskGroup = new BoundedTaskGroup(workerPools, CONCURRENCY);
        boolean all = true;
        for (LinkStep step : rank) {
            if (isComplete(step, now)) {
                boundedTaskGroup.submit(0, () -> linkWriter.write(step.path(), step.target()));
            } else {
                all = false;
                reportBlocked(step);
            }
        }
        boundedTaskGroup.await();
        return all;
    }

    private boolean isComplete(LinkStep step, ImageCompleteness now) {
        Digest target = step.target();
        return step.path().kind() == Kind.LAYER_LINK
                ? !blobRestorer.hasFailed(target)
                : now.of(target).isComplete();
    }

    private void reportBlocked(LinkStep step) {
        if (step.path().kind() != Kind.LAYER_LINK) {
            progressTracker.addFinding(new Finding(
                    FindingCode.BLOB_MISSING,
                    linkWriter.restoreEndpoints().targetKey(step.path()),
                    "not written, since something that %s needs could not be brought".formatted(step.target())));
        }
    }
}
