package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.objectstore.DailyHistory;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.AcknowledgedFindings;
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ReportWriter;
import java.time.Clock;
import java.time.LocalDate;
import java.util.Optional;
import java.util.function.Function;

/**
 * Verifies the requested store and writes the report to the backup; if the store is the backup, also its catalog.
 * Blocks, as {@link Verifier} does. Safe for use by many threads.
 *
 * @param stores the store of a name; throws {@link IllegalArgumentException} if there is none
 * @param backup the store for reports
 * @param workerPools the threads that read
 * @param rateLimiter the limit for reading blobs
 * @param isOpenShift whether it is OpenShift's registry, which decides the severity of findings
 * @param clock the clock for times in reports
 * @param captures the captured ImageStreams in the backup
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
     * The result of a verification.
     *
     * @param summary {@link VerifySummary#json}, with the keys of the findings under {@code reports}
     * @param hasFindings {@link VerifySummary#hasFindings}
     * @param hasUnknown {@link VerifySummary#hasUnknown}
     */
    public record VerificationResult(ObjectNode summary, boolean hasFindings, boolean hasUnknown) {}

    /**
     * Verifies the requested scope and writes the report; for the full backup also the last result. If it cannot
     * continue, it still writes the findings so far. Of a divided operation, verifies the share of its index, and merges
     * and writes the result of all if this is the last one.
     *
     * @param id the operation's id, which names the report
     * @param operation checked for cancellation between reads and before writes; receives progress and findings
     * @return empty if other indexes are not done
     * @throws IllegalArgumentException if there is no such store
     * @throws ObjectStoreException if the store fails, or the report cannot be written
     */
    public Optional<VerificationResult> run(String id, VerifyRequest request, OperationContext operation) {
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
        OperationContext reporting = operation
                .withFindingsTo(reportWriter)
                .withAcknowledged(new AcknowledgedFindings(backup, clock).current());
        Optional<VerifySummary> all;
        try {
            IndexReports reports = new IndexReports(backup, id, isOpenShift, operation, workerPools);
            all = isDivisible(request) && !operation.index().isOnly()
                    ? new IndexedVerifier(verifier, request, reporting, reports).run()
                    : Optional.of(verifier.run(request, reporting));
        } catch (ObjectStoreException e) {
            flushReport(reportWriter, e);
            throw e;
        }
        return all.map(summary -> finish(request, operation, reportWriter, summary));
    }

    /** Whether several indexes can share the work of this request. */
    public static boolean isDivisible(VerifyRequest request) {
        return request.scope() instanceof Scope.All;
    }

    private VerificationResult finish(
            VerifyRequest request, OperationContext operation, ReportWriter reportWriter, VerifySummary verifySummary) {
        ObjectNode json = verifySummary.json();
        reportWriter.finish(json);
        if (LastVerification.isFullBackup(request)) {
            operation.checkFence();
            new LastVerification(backup).write(verifySummary, json);
            LocalDate day = DailyHistory.day(verifySummary.finishedAt());
            DailyHistory.attempt(() -> new DailyHistory(backup)
                    .update(
                            DailyHistory.VERIFY,
                            day,
                            days -> days.putObject(day.toString())
                                    .setAll(json.deepCopy().retain("images", "imageStreams"))));
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
