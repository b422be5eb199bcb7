package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ReportWriter;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.verify.BlobStates.Mark;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Verifies one index's share of a full verification: every index lists the store, reads the blobs of its share of the
 * digests, waits for the others' blobs, and checks its share of the repositories. Whichever finds that all shares are
 * done merges them, so the last one always does; merging twice gives the same. For one use.
 */
final class IndexedVerifier {
    /** What an index found by reading blobs, which the others need to tell whether images are complete. */
    private static final String BLOBS = "blobs";
    /** All that an index found. */
    private static final String SHARE = "share";

    /** Between the store and the service that recorded the request. */
    private static final Duration MAX_CLOCK_DIFFERENCE = Duration.ofMinutes(10);

    private static final String ABSENT_FIELD = "absent";
    private static final String BYTES_FIELD = "bytes";
    private static final String REACHABLE_FIELD = "reachable";

    private final Verifier verifier;
    private final VerifyRequest request;
    private final OperationContext operation;
    private final IndexReports reports;
    private final Instant startedAt;
    private final VerifyContext context;
    private final BlobChecks blobChecks;
    /** What was written since about when the operation was requested. */
    private final Set<Digest> newBlobs = new HashSet<>();
    /** Set while its stage runs; findings go there. */
    private volatile @Nullable ReportWriter share;

    private volatile @Nullable ReportWriter blobs;

    /**
     * Prepares the share of the operation's index.
     *
     * @param operation receives the merged findings, if this index merges
     */
    IndexedVerifier(Verifier verifier, VerifyRequest request, OperationContext operation, IndexReports reports) {
        this.verifier = verifier;
        this.request = request;
        this.operation = operation;
        this.reports = reports;
        this.startedAt = verifier.clock().instant();
        this.context = new VerifyContext(
                request,
                verifier.store(),
                verifier.workerPools(),
                // Findings are acknowledged when they are merged.
                operation.withFindingsTo(this::write).withAcknowledged(UnaryOperator.identity()));
        this.blobChecks = new BlobChecks(context, verifier.rateLimiter(), startedAt);
    }

    /** Verifies the share. Returns the merged summary, or empty if other indexes are not done. */
    Optional<VerifySummary> run() {
        boolean isRepeated = reports.ownSummary(SHARE).isPresent();
        if (isRepeated && reports.summaries(SHARE).isEmpty()) {
            return Optional.empty();
        }
        ReportWriter writer = reports.writer(SHARE);
        share = isRepeated ? null : writer;
        context.operation().phase("listing blobs");
        Instant beforeAll = reports.requestedAt().minus(MAX_CLOCK_DIFFERENCE);
        blobChecks.list((blob, modified) -> {
            if (modified.isAfter(beforeAll)) {
                newBlobs.add(blob);
            }
        });
        if (!isRepeated) {
            if (request.depth() == Depth.CONTENT) {
                readBlobs();
            }
            RepositoryVerifier repositories = verifier.checkImages(context, blobChecks, startedAt);
            context.blobs().forEach(blob -> {
                if (context.blobs().hasMark(blob, Mark.REACHABLE)) {
                    writer.add(line(REACHABLE_FIELD, blob));
                }
            });
            writer.finish(
                    verifier.summarize(context, startedAt, repositories.images(), repositories.imageStreamCounts())
                            .json());
        }
        return reports.summaries(SHARE).map(this::merge);
    }

    private void write(Finding finding) {
        for (ReportWriter writer : new ReportWriter[] {share, blobs}) {
            if (writer != null) {
                writer.accept(finding);
            }
        }
    }

    /** Reads this index's blobs, unless an earlier attempt did, and records what all indexes found in theirs. */
    private void readBlobs() {
        context.operation().phase("reading blobs");
        Optional<ObjectNode> earlier = reports.ownSummary(BLOBS);
        if (earlier.isPresent()) {
            context.addReadBytes(earlier.get().path(BYTES_FIELD).asLong());
            reports.forEachLine(
                    earlier.get(),
                    line -> Finding.parse(line)
                            .ifPresent(found -> context.report(found.code(), found.subject(), found.problem())));
        } else {
            ReportWriter writer = reports.writer(BLOBS);
            blobs = writer;
            blobChecks.verifyAll(blob -> context.isHashed(blob) && context.isOwn(blob.toString()));
            blobs = null;
            context.blobs().forEach(blob -> {
                if (context.blobs().hasMark(blob, Mark.ABSENT)) {
                    writer.add(line(ABSENT_FIELD, blob));
                }
            });
            writer.finish(JsonNodeFactory.instance.objectNode().put(BYTES_FIELD, context.bytes()));
        }
        List<ObjectNode> summaries = reports.await(BLOBS);
        context.operation().phase("reading what other indexes found");
        summaries.forEach(summary -> reports.forEachLine(summary, this::markBlob));
        context.blobs().forEach(this::markVerified);
    }

    private void markBlob(ObjectNode line) {
        if (line.has(ABSENT_FIELD)) {
            context.blobs().markAbsent(Digest.parse(line.path(ABSENT_FIELD).asText()));
        } else {
            Finding.parse(line)
                    .ifPresent(found -> context.blobs()
                            .mark(
                                    Digest.parse(found.subject()),
                                    found.code() == FindingCode.UNDETERMINED ? Mark.UNKNOWN : Mark.CORRUPT));
        }
    }

    /** A new blob may be missing from the listing of the index whose it is: whoever needs it reads it. */
    private void markVerified(Digest blob) {
        BlobStates states = context.blobs();
        if (context.isHashed(blob)
                && states.hasMark(blob, Mark.PRESENT)
                && !newBlobs.contains(blob)
                && !states.hasMark(blob, Mark.CORRUPT)
                && !states.hasMark(blob, Mark.UNKNOWN)) {
            states.mark(blob, Mark.VERIFIED);
        }
    }

    /** Merges the shares of all indexes. */
    private VerifySummary merge(List<ObjectNode> summaries) {
        operation.progress().restart();
        operation.phase("merging");
        VerifyContext merged = context.restart(operation);
        reports.forEachFinding(
                summaries, found -> merged.report(found.code(), found.subject(), found.problem()), line -> {
                    if (line.has(REACHABLE_FIELD)) {
                        Digest blob = Digest.parse(line.path(REACHABLE_FIELD).asText());
                        merged.blobs().mark(blob, Mark.REACHABLE);
                    }
                });
        new BlobChecks(merged, verifier.rateLimiter(), startedAt).reportOrphans();
        VerifySummary summary = VerifySummary.merge(request, verifier.isOpenShift(), summaries, merged.findings());
        operation.progress().addExpected(summary.objects(), summary.bytes());
        operation.progress().addDone(summary.objects(), summary.bytes());
        verifier.recordRestorableShare(merged, summary);
        return summary;
    }

    private static ObjectNode line(String field, Digest blob) {
        return JsonNodeFactory.instance.objectNode().put(field, blob.toString());
    }
}
