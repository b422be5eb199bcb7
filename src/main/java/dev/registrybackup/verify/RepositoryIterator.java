package dev.registrybackup.verify;

import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.registry.RegistryPath;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The repositories of a scope, from one listing in which the links of each lie together ({@link Scope.Repository}). So no
 * more of them are in memory than are looked at together. For one use.
 */
final class RepositoryIterator {
    /** Links looked at together: so many that small repositories are read side by side. */
    private static final int BATCH_LINKS = 5000;

    private final VerifyContext verifyContext;
    private final CurrentLinks currentLinks;
    private final StaleUploads staleUploads;
    private final Consumer<List<RepositoryLinks>> batchConsumer;
    private final List<RepositoryLinks> batch = new ArrayList<>();
    private int batchLinks;
    private long linkCount;

    /** Has what it finds examined. */
    RepositoryIterator(VerifyContext verifyContext, Instant now, Consumer<List<RepositoryLinks>> examine) {
        this.verifyContext = verifyContext;
        this.currentLinks = new CurrentLinks(verifyContext.store(), verifyContext.layout());
        this.staleUploads = new StaleUploads(verifyContext.findingCollector(), now);
        this.batchConsumer = examine;
    }

    /** Goes through the scope, and says how many links it has. */
    long run() {
        try (Stream<ObjectInfo> listing =
                verifyContext.store().list(verifyContext.request().scope().linkPrefix(verifyContext.layout()))) {
            for (Iterator<ObjectInfo> objects = listing.iterator(); objects.hasNext(); ) {
                visit(objects.next());
            }
        }
        staleUploads.finish();
        flush();
        return linkCount;
    }

    private void visit(ObjectInfo object) {
        RegistryPath path = verifyContext.layout().parse(object.key());
        if (path instanceof RegistryPath.Link link) {
            if (verifyContext.request().scope().covers(link)) {
                currentLinks.toLink(object).map(this::withApproximateTime).ifPresent(this::add);
            }
        } else if (verifyContext.isRepositoryScope()) {
            visitOther(object, path);
        }
    }

    /** A listing of the backup has the times of the copies. */
    private ListedLink withApproximateTime(ListedLink link) {
        return !verifyContext.isBackup()
                ? link
                : new ListedLink(
                        link.key(), link.path(), link.size(), link.etag(), link.writtenAt(), link.version(), true);
    }

    private void visitOther(ObjectInfo object, RegistryPath path) {
        if (path.kind() == RegistryPath.Kind.UPLOAD) {
            staleUploads.add(object);
        } else if (!verifyContext.isFullScope()) {
            UnknownObjectCheck.check(object, path, verifyContext.findingCollector());
        }
    }

    private void add(ListedLink link) {
        if (batch.isEmpty() || !lastRepository().name().equals(link.path().repository())) {
            if (batchLinks >= BATCH_LINKS) {
                flush();
            }
            batch.add(new RepositoryLinks(link.path().repository()));
        }
        lastRepository().add(link);
        batchLinks++;
        linkCount++;
    }

    private RepositoryLinks lastRepository() {
        return batch.get(batch.size() - 1);
    }

    private void flush() {
        if (!batch.isEmpty()) {
            batchConsumer.accept(batch);
            batch.clear();
            batchLinks = 0;
        }
    }
}
