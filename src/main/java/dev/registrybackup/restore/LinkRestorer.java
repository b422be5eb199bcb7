package dev.registrybackup.restore;

import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Tells whether links of the target have to be written, and writes them from what they have to say. Blocks; safe for use by
 * many threads.
 *
 * @param context the restore
 */
record LinkRestorer(RestoreContext context) {
    /**
     * Whether it has to be written.
     *
     * @param held what the target has of it
     * @param onConflict told of a link that says something else and is left so, as the request demands
     */
    boolean isWriteNeeded(
            RegistryPath.Link path, Digest target, Optional<ObjectRef> held, Consumer<Finding> onConflict) {
        if (held.isEmpty()) {
            return true;
        }
        if (held.get().provablyPointsTo(target)) {
            return false;
        }
        String key = context.target().key(path);
        Optional<Digest> says = readTarget(key);
        if (says.equals(Optional.of(target))) {
            return false;
        }
        if (path.kind() == RegistryPath.Kind.TAG_CURRENT_LINK && says.isPresent()) {
            if (!context.request().overwriteTags()) {
                onConflict.accept(new Finding(
                        FindingCode.TAG_DIFFERS,
                        key,
                        "points elsewhere than to %s, and is left so: overwriteTags moves it".formatted(target)));
            }
            return context.request().overwriteTags();
        }
        boolean isRepair = context.request().mode() == RestoreRequest.Mode.REPAIR;
        if (!isRepair) {
            onConflict.accept(new Finding(
                    FindingCode.LINK_MALFORMED,
                    key,
                    "does not say %s, and is left so: mode repair replaces it".formatted(target)));
        }
        return isRepair;
    }

    /** Empty if it is gone meanwhile or no link, neither of which says the right thing. */
    private Optional<Digest> readTarget(String key) {
        try (OpenObject reading = context.target().store().open(key, Optional.empty(), Optional.empty())) {
            return Optional.of(reading.readLink());
        } catch (MalformedLinkException e) {
            return Optional.empty();
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Writes it, and counts it. */
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
