package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.AcknowledgedFindings;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ReportWriter;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Function;

/**
 * Verifies whatever store is asked for and keeps the report, and of the backup the catalog, in the backup. Blocks, as
 * {@link Verifier} does. Safe for use by many threads.
 *
 * @param stores the store of a name; throws {@link IllegalArgumentException} if there is none
 * @param backup where reports are kept
 * @param workerPools where stores are read
 * @param rateLimiter how fast blobs are read
 * @param isOpenShift whose registry it is, by which findings are graded
 * @param clock the time
 * @param captures what was captured of a cluster's ImageStreams into the backup
 */
public record Verification(
        Function<String, RegistryStore> stores,
        ObjectStore backup,
        WorkerPools workerPools,
        RateLimiter rateLimiter,
        boolean isOpenShift,
        Clock clock,
        Optional<CaptureReader> captures) {
    /**
     * How it ended.
     *
     * @param summary {@link VerifySummary#json}, with the keys of the findings under {@code reports}
     * @param hasFindings {@link VerifySummary#hasFindings}
     * @param hasUnknown {@link VerifySummary#hasUnknown}
     */
    public record VerificationResult(ObjectNode summary, boolean hasFindings, boolean hasUnknown) {}

    /**
     * Verifies what is asked and writes the report, and of the whole backup what it came to. If it cannot go on, what it found until then is written all the same.
     *
     * @param id the operation's, which names the report
     * @param operation asked between reads and before writes whether to go on, and told how far it is and each finding
     * @throws IllegalArgumentException if there is no such store
     * @throws ObjectStoreException if the store is out of order, or the report cannot be written
     */
    public VerificationResult run(String id, VerifyRequest request, OperationContext operation) {
        RegistryStore store = stores.apply(request.store());
        Verifier verifier = new Verifier(
                store,
                workerPools,
                rateLimiter,
                isOpenShift,
                clock,
                Optional.of(new Catalog(store, workerPools, clock, captures)),
                captures);
        ReportWriter reportWriter = new ReportWriter(backup, id, isOpenShift, operation.fence());
        VerifySummary verifySummary;
        try {
            verifySummary = verifier.run(
                    request,
                    operation
                            .withFindingsTo(reportWriter)
                            .withAcknowledged(new AcknowledgedFindings(backup, clock).current()));
        } catch (ObjectStoreException e) {
            flushReport(reportWriter, e);
            throw e;
        }
        ObjectNode json = verifySummary.json();
        reportWriter.finish(json);
        if (LastVerification.isFullBackup(request)) {
            operation.checkFence();
            new LastVerification(backup).write(verifySummary, json);
        }
        return new VerificationResult(json, verifySummary.hasFindings(), verifySummary.hasUnknown());
    }

    private static void flushReport(ReportWriter reportWriter, ObjectStoreException failure) {
        try {
            reportWriter.flush();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }
}
