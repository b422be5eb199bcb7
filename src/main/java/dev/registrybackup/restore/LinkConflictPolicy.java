package dev.registrybackup.restore;

import dev.registrybackup.inventory.ObjectRef;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.OpenObject;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.MalformedLinkException;
import dev.registrybackup.registry.RegistryPath;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/** Tells whether a link of the target has to be written. Blocks; safe for use by many threads. */
final class LinkConflictPolicy {
    private final RestoreEndpoints restoreEndpoints;
    private final RestoreRequest request;
    private final Consumer<Finding> findings;

    /**
     * Tells by that request.
     *
     * @param findings told of links that say something else and are left so, as the request demands
     */
    LinkConflictPolicy(RestoreEndpoints restoreEndpoints, RestoreRequest request, Consumer<Finding> findings) {
        this.restoreEndpoints = restoreEndpoints;
        this.request = request;
        this.findings = findings;
    }

    /**
     * Whether it has to be written.
     *
     * @param held what the target has of it
     */
    boolean isWriteNeeded(RegistryPath.Link path, Digest target, Optional<ObjectRef> held) {
        if (held.isEmpty()) {
            return true;
        }
        if (held.get().provablyPointsTo(target)) {
            return false;
        }
        byte[] content = readContent(restoreEndpoints.targetKey(path));
        return !Arrays.equals(content, LinkContent.of(target)) && canReplace(path, target, content);
    }

    private boolean canReplace(RegistryPath.Link path, Digest target, byte[] content) {
        String key = restoreEndpoints.targetKey(path);
        if (path.kind() == RegistryPath.Kind.TAG_CURRENT_LINK && isDigest(content)) {
            if (!request.overwriteTags()) {
                findings.accept(new Finding(
                        FindingCode.TAG_DIFFERS,
                        key,
                        "points elsewhere than to %s, and is left so: overwriteTags moves it".formatted(target)));
            }
            return request.overwriteTags();
        }
        boolean repair = request.mode() == RestoreRequest.Mode.REPAIR;
        if (!repair) {
            findings.accept(new Finding(
                    FindingCode.LINK_MALFORMED,
                    key,
                    "does not say %s, and is left so: mode repair replaces it".formatted(target)));
        }
        return repair;
    }

    private static boolean isDigest(byte[] content) {
        try {
            LinkContent.parse(content);
            return true;
        } catch (MalformedLinkException e) {
            return false;
        }
    }

    /** Empty if it is gone meanwhile or too long for a link, neither of which says the right thing. */
    private byte[] readContent(String key) {
        try (OpenObject reading = restoreEndpoints.target().open(key, Optional.empty(), Optional.empty())) {
            return reading.info().size() > LinkContent.MAX_BYTES ? new byte[0] : reading.readAll(LinkContent.MAX_BYTES);
        } catch (ObjectStoreException e) {
            if (e.error() == StoreError.NOT_FOUND) {
                return new byte[0];
            }
            throw e;
        }
    }
}
