package dev.registrybackup.restore;

import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryPath;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** Decides whether links of the target must be written, and writes them. Blocks; safe for use by many threads. */
record LinkRestorer(RestoreContext context) {
    /**
     * Whether the link must be written.
     *
     * @param inTarget the link object in the target; empty if there is none
     * @param onConflict receives a finding if the link has another target and the request forbids replacing it
     */
    boolean isWriteNeeded(
            RegistryPath.Link path, Digest target, Optional<ObjectRef> inTarget, Consumer<Finding> onConflict) {
        if (inTarget.isEmpty()) {
            return true;
        }
        if (inTarget.get().provablyPointsTo(target)) {
            return false;
        }
        String key = context.target().key(path);
        Optional<Digest> current = new CurrentLinks(context.target()).findTarget(key);
        if (current.equals(Optional.of(target))) {
            return false;
        }
        if (path.kind() == RegistryPath.Kind.TAG_CURRENT_LINK && current.isPresent()) {
            if (!context.request().overwriteTags()) {
                onConflict.accept(new Finding(
                        FindingCode.TAG_DIFFERS,
                        key,
                        "does not point to %s and was not changed: overwriteTags moves it".formatted(target)));
            }
            return context.request().overwriteTags();
        }
        boolean isRepair = context.request().mode() == RestoreRequest.Mode.REPAIR;
        if (!isRepair) {
            onConflict.accept(new Finding(
                    FindingCode.LINK_MALFORMED,
                    key,
                    "does not contain %s and was not changed: mode repair replaces it".formatted(target)));
        }
        return isRepair;
    }

    /** Writes the link and counts it. */
    void write(RegistryPath.Link path, Digest target) {
        put(path, target);
        count(target);
    }

    void put(RegistryPath.Link path, Digest target) {
        context.target().store().put(context.target().key(path), ContentSource.of(LinkContent.of(target)), Map.of());
    }

    void count(Digest target) {
        context.operation().progress().addDone(1, LinkContent.of(target).length);
    }
}
