package dev.registrybackup.restore;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.inventory.ListedBlob;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.logging.LogEvent;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.FencedException;
import dev.registrybackup.operation.FencedObjectStore;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker.Progress;
import dev.registrybackup.operation.Severity;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.verify.Depth;
import dev.registrybackup.verify.Verifier;
import dev.registrybackup.verify.VerifyRequest;
import dev.registrybackup.verify.VerifySummary;
import java.lang.System.Logger.Level;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Tests that the backup can be restored: restores some randomly chosen images into a prefix of its own, reads every
 * byte of them back, and deletes them. Measures the speed, and estimates from it how long a full restore would take.
 * Blocks; writes only below {@value #PREFIX} of the target, and its record in the backup.
 *
 * @param target opens the store to restore into, below {@value #PREFIX}
 * @param rateLimiter the limit for reading blobs, the same as a restore's
 * @param isOpenShift whether it is OpenShift's registry, which decides the severity of findings
 * @param imageStreamPlan plans a restore of ImageStreams into a store, on OpenShift
 */
public record Drill(
        RegistryStore backup,
        Supplier<RegistryStore> target,
        WorkerPools workerPools,
        RateLimiter rateLimiter,
        boolean isOpenShift,
        Clock clock,
        Optional<BiFunction<RegistryStore, RestoreRequest, ObjectNode>> imageStreamPlan) {
    /** Everything that a drill writes into its target is below this. */
    public static final String PREFIX = "registry-backup-drill/";

    /** The name of the target, in messages, configuration and as the lock. */
    public static final String TARGET = "drill";

    private static final System.Logger LOGGER = System.getLogger(Drill.class.getName());

    /**
     * The result of a drill.
     *
     * @param isSuccess whether every image was restored and verified
     */
    public record DrillResult(boolean isSuccess, ObjectNode summary) {}

    /**
     * Runs a drill and records its result. First deletes the objects of an earlier drill that was killed; at the end
     * always deletes its own.
     *
     * @param id the operation's id, which separates its objects from those of other drills
     * @param operation checked for cancellation between reads and before writes; receives progress and findings
     * @throws IllegalStateException if the backup has no image
     * @throws FencedException if the operation was cancelled or replaced
     * @throws ObjectStoreException if a store failed as a whole; the drill is on record as failed
     */
    public DrillResult run(String id, DrillRequest request, OperationContext operation) {
        RegistryStore store = target.get();
        String area = store.layout().rootPrefix() + PREFIX;
        operation.phase("deleting the objects of earlier drills");
        Instant startedAt = clock.instant();
        new ScratchArea(new FencedObjectStore(store.store(), operation.fence()), area).clear(startedAt);
        String root = area + id + "-" + startedAt.toEpochMilli();
        ScratchArea scratch = new ScratchArea(store.store(), root + "/");
        DrillResult result;
        try {
            result = restore(request, new RegistryStore(scratch, new RegistryLayout(root)), operation);
        } catch (ObjectStoreException e) {
            recordFailure(request, e);
            throw e;
        } finally {
            operation.progress().phase("deleting the restored objects");
            removeAll(scratch);
        }
        operation.checkFence();
        new LastDrill(backup.store()).write(result.summary(), result.isSuccess(), clock.instant());
        return result;
    }

    private DrillResult restore(DrillRequest request, RegistryStore scratch, OperationContext operation) {
        operation.phase("choosing images");
        RandomImages images =
                RandomImages.choose(backup, request.images(), clock.instant(), new SplittableRandom(request.seed()));
        if (images.chosen().isEmpty()) {
            throw new IllegalStateException("The backup has no image to restore: run a reconciliation first");
        }
        Progress before = operation.progress().progress();
        Instant startedAt = clock.instant();
        boolean isComplete = new Restore(backup, scratch, workerPools, rateLimiter, clock)
                .run(restoreRequest(images.chosen().get(0).path().repository()), Stream.of(images), operation)
                .isComplete();
        Duration took = Duration.between(startedAt, clock.instant());
        Progress after = operation.progress().progress();

        VerifySummary verified = new Verifier(
                        scratch, workerPools, rateLimiter, isOpenShift, clock, Optional.empty(), Optional.empty())
                .run(new VerifyRequest(TARGET, new Scope.All(), Depth.CONTENT, Optional.empty()), operation);
        boolean isVerified = !verified.hasUnknown()
                && !verified.severities().containsKey(Severity.CRITICAL)
                && !verified.severities().containsKey(Severity.ERROR);

        operation.phase("planning ImageStreams");
        Set<RepositoryName> unplanned = unrestorableImageStreams(images.chosen(), scratch, operation);
        long failed = images.chosen().stream()
                .filter(link -> unplanned.contains(link.path().repository())
                        || scratch.store().head(scratch.key(link.path())).isEmpty())
                .count();
        if (failed == 0 && !(isComplete && isVerified)) {
            failed = 1;
        }
        long bytes = after.bytesDone() - before.bytesDone();
        long objects = after.objectsDone() - before.objectsDone();
        return new DrillResult(failed == 0, summary(images, failed, objects, bytes, took));
    }

    /** A request whose scope does not matter, because the chosen links decide which images are restored. */
    private static RestoreRequest restoreRequest(RepositoryName repository) {
        return new RestoreRequest(
                new Scope.Repository(repository),
                Optional.empty(),
                TARGET,
                RestoreRequest.Mode.MISSING,
                false,
                false,
                false,
                ImageStreamMode.NONE,
                false);
    }

    /** Plans the ImageStreams of the images' repositories. The plan needs no cluster, and counts missing blobs. */
    private Set<RepositoryName> unrestorableImageStreams(
            List<ListedLink> chosen, RegistryStore scratch, OperationContext operation) {
        Set<RepositoryName> unrestorable = new HashSet<>();
        if (imageStreamPlan.isEmpty()) {
            return unrestorable;
        }
        for (RepositoryName repository :
                chosen.stream().map(link -> link.path().repository()).collect(Collectors.toSet())) {
            operation.checkFence();
            RestoreRequest request = restoreRequest(repository).withImageStreams(ImageStreamMode.TAG_LINKS);
            try {
                long missing = imageStreamPlan
                        .get()
                        .apply(scratch, request)
                        .path("missing")
                        .asLong();
                if (missing > 0) {
                    unrestorable.add(repository);
                    operation.report(new Finding(
                            FindingCode.IS_ITEM_UNRESTORABLE,
                            repository.value(),
                            "%d blobs that its ImageStream needs are missing from the backup".formatted(missing)));
                }
            } catch (UnknownScopeException e) {
                // The images' ImageStream was deleted from the cluster, so there is nothing to plan.
                LogEvent.of("drill-without-imagestream")
                        .with("repository", repository)
                        .with("reason", e.getMessage())
                        .log(LOGGER, Level.INFO);
            }
        }
        return unrestorable;
    }

    /** Omits the rates if an image failed, because a partial copy is no basis for estimating a full restore. */
    private ObjectNode summary(RandomImages images, long failed, long objects, long bytes, Duration took) {
        long backupObjects = images.listedLinks();
        long backupBytes = 0;
        try (Stream<ListedBlob> blobs = ListedBlob.listCurrent(backup)) {
            for (Iterator<ListedBlob> each = blobs.iterator(); each.hasNext(); ) {
                backupObjects++;
                backupBytes += each.next().objectRef().size();
            }
        }
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("images", images.chosen().size())
                .put("failed", failed)
                .put("objects", objects)
                .put("bytes", bytes)
                .put("milliseconds", took.toMillis());
        json.putObject("backup").put("objects", backupObjects).put("bytes", backupBytes);
        if (failed == 0) {
            double seconds = Math.max(1, took.toMillis()) / 1000.0;
            // The number of objects limits the speed if they are small, their bytes if they are large.
            double timesAsMuch = Math.max((double) backupBytes / bytes, (double) backupObjects / objects);
            json.put("bytesPerSecond", bytes / seconds).put("expectedRestoreSeconds", timesAsMuch * seconds);
        }
        return json;
    }

    private void recordFailure(DrillRequest request, ObjectStoreException failure) {
        try {
            new LastDrill(backup.store())
                    .write(
                            JsonNodeFactory.instance.objectNode().put("failed", request.images()),
                            false,
                            clock.instant());
        } catch (ObjectStoreException e) {
            failure.addSuppressed(e);
        }
    }

    /** A failure does not change the result, because the next drill deletes the remaining objects. */
    private void removeAll(ScratchArea scratch) {
        try {
            scratch.clear(clock.instant());
        } catch (ObjectStoreException e) {
            LogEvent.of("drill-not-removed")
                    .with("bucket", scratch.bucket())
                    .with("reason", e.getMessage())
                    .with("next", "the next drill deletes it")
                    .log(LOGGER, Level.WARNING);
        }
    }
}
