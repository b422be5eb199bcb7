package dev.registrybackup.verify;

import dev.registrybackup.inventory.CurrentLinks;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Iterates over the repositories of a scope, from one listing in which the links of each are adjacent ({@link
 * Scope.Repository}). Only the repositories of one batch are in memory. For one use.
 */
final class RepositoryIterator {
    /** How many links a batch has: enough to read small repositories concurrently. */
    private static final int BATCH_LINKS = 5000;

    /**
     * The age at which the registry's own purger deletes uploads. Source: distribution
     * {@code registry/handlers/app.go}.
     */
    private static final Duration STALE_UPLOAD_AGE = Duration.ofDays(7);

    private static final String UPLOADS_DIRECTORY = "/_uploads/";

    private final VerifyContext context;
    private final CurrentLinks currentLinks;
    private final Instant now;
    private final Consumer<List<RepositoryLinks>> batchConsumer;
    private final List<RepositoryLinks> batch = new ArrayList<>();
    private int batchLinks;
    private long linkCount;
    /** The upload being listed, and the newest time of its files listed so far. */
    private String upload = "";

    private Instant uploadWrittenAt = Instant.MAX;

    /** Passes each batch of repositories to the verifier. */
    RepositoryIterator(VerifyContext context, Instant now, Consumer<List<RepositoryLinks>> examine) {
        this.context = context;
        this.currentLinks = new CurrentLinks(context.store());
        this.now = now;
        this.batchConsumer = examine;
    }

    /** Visits the whole scope; returns how many links it has. */
    long run() {
        String prefix = context.request().scope().linkPrefix(context.store().layout());
        try (Stream<ObjectInfo> listing = context.store().store().list(prefix)) {
            for (Iterator<ObjectInfo> objects = listing.iterator(); objects.hasNext(); ) {
                visit(objects.next());
            }
        }
        reportUploadIfStale();
        flush();
        return linkCount;
    }

    private void visit(ObjectInfo object) {
        RegistryPath path = context.store().layout().parse(object.key());
        if (path instanceof RegistryPath.Link link) {
            if (context.isOwn(link.repository().value())
                    && context.request().scope().covers(link)) {
                currentLinks.toLink(object).ifPresent(this::add);
            }
        } else if (context.isRepositoryScope() && path.kind() == RegistryPath.Kind.UPLOAD) {
            addUploadFile(object);
        } else if (context.isRepositoryScope() && !context.isFullScope()) {
            reportIfForeign(context, object, path);
        }
    }

    private void add(ListedLink link) {
        if (batch.isEmpty() || !lastRepository().name().equals(link.path().repository())) {
            if (batchLinks >= BATCH_LINKS) {
                flush();
            }
            batch.add(new RepositoryLinks(link.path().repository()));
        }
        // In the backup, a listing has the times of the copies.
        lastRepository().add(context.isBackup() ? link.withApproximateTime() : link);
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

    /** The files of one upload are adjacent in a listing. */
    private void addUploadFile(ObjectInfo file) {
        String key = file.key();
        int end = key.indexOf('/', key.indexOf(UPLOADS_DIRECTORY) + UPLOADS_DIRECTORY.length());
        String name = end < 0 ? key : key.substring(0, end + 1);
        if (!name.equals(upload)) {
            reportUploadIfStale();
            upload = name;
            uploadWrittenAt = file.lastModified();
        } else if (file.lastModified().isAfter(uploadWrittenAt)) {
            uploadWrittenAt = file.lastModified();
        }
    }

    private void reportUploadIfStale() {
        if (!uploadWrittenAt.isAfter(now.minus(STALE_UPLOAD_AGE)) && context.isOwn(upload)) {
            context.report(
                    FindingCode.STALE_UPLOAD,
                    upload,
                    "This upload was not continued since %s: the registry's upload purger deletes it"
                            .formatted(uploadWrittenAt));
        }
    }

    /** Reports an object that no registry wrote. */
    static void reportIfForeign(VerifyContext context, ObjectInfo object, RegistryPath path) {
        String key = object.key();
        if (path.kind() == RegistryPath.Kind.UNKNOWN) {
            context.report(
                    FindingCode.UNKNOWN_OBJECT,
                    key,
                    "No registry writes such a key, and it may hide a blob beside it. Find out who wrote it, and move"
                            + " it elsewhere");
        } else if (path.kind() == RegistryPath.Kind.EXCLUDED
                && key.endsWith("/")
                && !key.startsWith(RegistryLayout.METADATA_PREFIX)) {
            context.report(
                    FindingCode.UNKNOWN_OBJECT,
                    key,
                    "This is a directory marker, as consoles and copy tools create; it breaks registries."
                            + " Delete it");
        }
    }
}
