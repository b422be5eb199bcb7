package dev.registrybackup.verify;

import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.inventory.Scope;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
import dev.registrybackup.verify.BlobTable.Mark;
import dev.registrybackup.verify.Tally.Counts;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Looks for what is wrong in one store, and changes nothing there. Blocks for as long as that takes, and has the lanes
 * read: not to be called in a lane of theirs. Safe for use by many threads.
 */
public final class Verifier {
    private final ObjectStore store;
    private final RegistryLayout layout;
    private final Lanes lanes;
    private final Pace pace;
    private final boolean isOpenShift;
    private final Clock clock;
    private final Optional<Catalog> catalog;
    private final Optional<Captures> captures;

    /**
     * Verifies that store.
     *
     * @param pace how fast blobs are read
     * @param isOpenShift whose registry it is, by which findings are graded
     * @param catalog where it is written what repositories there are, if the store is the backup
     * @param captures what was captured of a cluster's ImageStreams, if the store is the backup of such a cluster's registry
     */
    public Verifier(
            ObjectStore store,
            RegistryLayout layout,
            Lanes lanes,
            Pace pace,
            boolean isOpenShift,
            Clock clock,
            Optional<Catalog> catalog,
            Optional<Captures> captures) {
        this.store = store;
        this.layout = layout;
        this.lanes = lanes;
        this.pace = pace;
        this.isOpenShift = isOpenShift;
        this.clock = clock;
        this.catalog = catalog;
        this.captures = captures;
    }

    /**
     * Verifies what is asked. Goes on where one object cannot be read: that is a finding.
     *
     * @param permit asked between reads
     * @param meter is told how far it is, and each finding
     * @param report is told each finding too, by one thread at a time
     * @throws ObjectStoreException if there is no bucket, it cannot be listed, or very many objects cannot be read
     */
    public Summary run(VerifyRequest request, Permit permit, Meter meter, Consumer<Finding> report) {
        Instant begun = clock.instant();
        Tally tally = new Tally(permit, meter, report);
        Inquiry inquiry = new Inquiry(request, store, layout, lanes, new BlobTable(), tally);
        BlobProofs proofs = new BlobProofs(inquiry, pace);
        Seen seen = request.scope() instanceof Scope.Blob blob
                ? blob(inquiry, proofs, blob.digest())
                : repositories(inquiry, proofs, begun);
        Counts counts = tally.read();
        Summary summary = new Summary(
                request,
                isOpenShift,
                begun,
                clock.instant(),
                counts.objects(),
                counts.bytes(),
                seen.images().whole(),
                seen.images().lacking(),
                seen.images().untold(),
                seen.items(),
                counts.findings());
        record(inquiry, summary);
        return summary;
    }

    private record Seen(Images images, Optional<StreamItems> items) {}

    /** Only what was looked at in whole says what share can be restored. */
    private static void record(Inquiry inquiry, Summary summary) {
        summary.imageStreams()
                .filter(items -> inquiry.isOfEverything() && !summary.couldNotTell())
                .ifPresent(items -> {
                    inquiry.tally().require();
                    new RestorableShare(inquiry.store()).write(items, summary.begun());
                });
    }

    private static Seen blob(Inquiry inquiry, BlobProofs proofs, Digest blob) {
        new KnownBlobs(inquiry).learn(Set.of(blob));
        if (inquiry.table().is(blob, Mark.ABSENT)) {
            inquiry.tally().found(FindingCode.BLOB_MISSING, blob.toString(), "It is not there: " + inquiry.remedy());
        }
        proofs.prove(List.of(blob).stream().filter(inquiry::isHashed).toList(), true);
        return new Seen(Images.NONE, Optional.empty());
    }

    private Seen repositories(Inquiry inquiry, BlobProofs proofs, Instant begun) {
        BlobListing listing = new BlobListing(inquiry, begun);
        if (inquiry.isOfEverything()) {
            inquiry.tally().phase("listing blobs");
            listing.read();
            inquiry.tally().phase("reading blobs");
            proofs.proveAll(inquiry::isHashed);
        }
        inquiry.tally().phase("checking images");
        Streams streams = Streams.of(inquiry, captures);
        Documents documents = new Documents(inquiry, catalog.filter(any -> streams.isTold()), clock.instant());
        Examination examination = new Examination(inquiry, proofs, streams, documents, begun);
        long links = new RepositoryWalk(inquiry, begun, examination::examine).run();
        streams.forEachRest(examination::examine);
        if (inquiry.isOfEverything()) {
            listing.reportOrphans();
            documents.removeOthers();
        } else if (links == 0 && streams.areNone()) {
            nothing(inquiry, streams);
        }
        return new Seen(examination.images(), examination.items());
    }

    private static void nothing(Inquiry inquiry, Streams streams) {
        String problem =
                "The store %s has no link of it".formatted(inquiry.request().store());
        String advice = streams.at()
                .map(at -> ", nor an ImageStream in the snapshot of %s: look for a slip in the name".formatted(at))
                .orElse(
                        ": look for a slip in the name. OpenShift has no link of a tag, nor of an image that was only tagged"
                                + " into another repository; name the one it was pushed to");
        inquiry.tally()
                .found(
                        FindingCode.COULD_NOT_TELL,
                        inquiry.request().scope().json().toString(),
                        problem + advice);
    }
}
