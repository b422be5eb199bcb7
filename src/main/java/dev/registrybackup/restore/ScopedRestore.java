package dev.registrybackup.restore;

import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Wholeness;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.registry.RegistryPath.Kind;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Window;
import java.util.List;

/** Does what a plan says, and nothing above a blob that could not be brought. For one thread. */
final class ScopedRestore {
    private static final int AT_ONCE = 32;

    private final BlobRestoring blobs;
    private final LinkWriting links;
    private final Lanes lanes;
    private final Meter meter;

    ScopedRestore(BlobRestoring blobs, LinkWriting links, Lanes lanes, Meter meter) {
        this.blobs = blobs;
        this.links = links;
        this.lanes = lanes;
        this.meter = meter;
    }

    /** Does it, and says whether all of it could be done. */
    boolean run(ScopedPlan plan) {
        meter.phase("blobs");
        Window window = new Window(lanes, AT_ONCE);
        for (BlobStep step : plan.blobs()) {
            window.submit(step.inBackup().size(), () -> blobs.restore(step.digest(), step.inBackup(), step.inTarget()));
        }
        window.await();
        Wholeness now = new Wholeness(plan.manifests(), digest -> !blobs.hasFailed(digest), digest -> false);
        boolean all = plan.blobs().stream().noneMatch(step -> blobs.hasFailed(step.digest()));
        for (List<LinkStep> rank : plan.links().values()) {
            all &= write(rank, now);
        }
        return all && plan.isWhole();
    }

    private boolean write(List<LinkStep> rank, Wholeness now) {
        meter.phase(rank.get(0).path().kind().label() + "s");
        Window window = new Window(lanes, AT_ONCE);
        boolean all = true;
        for (LinkStep step : rank) {
            if (isWhole(step, now)) {
                window.submit(0, () -> links.write(step.path(), step.target()));
            } else {
                all = false;
                withhold(step);
            }
        }
        window.await();
        return all;
    }

    private boolean isWhole(LinkStep step, Wholeness now) {
        Digest target = step.target();
        return step.path().kind() == Kind.LAYER_LINK
                ? !blobs.hasFailed(target)
                : now.of(target).isWhole();
    }

    private void withhold(LinkStep step) {
        if (step.path().kind() != Kind.LAYER_LINK) {
            meter.found(new Finding(
                    FindingCode.BLOB_MISSING,
                    links.ends().targetKey(step.path()),
                    "not written, since something that %s needs could not be brought".formatted(step.target())));
        }
    }
}
