package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.ledger.AbsenceUpdate;
import dev.registrybackup.ledger.Absences;
import dev.registrybackup.ledger.Alarms;
import dev.registrybackup.ledger.OwedShelf;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.operation.Report;
import dev.registrybackup.operation.Reports;
import dev.registrybackup.rclone.Comparer;
import dev.registrybackup.reconcile.Figures.Count;
import dev.registrybackup.store.ObjectStoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The phases of one reconciliation, in their order. For one call. */
final class Run {
    /** Older uploads of ours belong to nobody: no object takes so long. */
    private static final Duration UPLOAD = Duration.ofDays(1);

    private static final Duration LOOK = Duration.ofSeconds(10);

    private final Sides sides;
    private final Reconciliation.Tools tools;
    private final Policy policy;
    private final boolean isOpenShift;
    private final Permit permit;
    private final Meter meter;
    private final Report report;
    private final Figures figures = new Figures();
    private final ObjectNode summary = JsonNodeFactory.instance.objectNode();
    private boolean isComplete;

    Run(
            Sides sides,
            Reconciliation.Tools tools,
            Policy policy,
            boolean isOpenShift,
            Permit permit,
            Meter meter,
            Report report) {
        this.sides = sides;
        this.tools = tools;
        this.policy = policy;
        this.isOpenShift = isOpenShift;
        this.permit = permit;
        this.meter = meter;
        this.report = report;
    }

    /** Whether nothing is left; to be asked once it has run. */
    boolean isComplete() {
        return isComplete;
    }

    /** Does it, and says in figures what it came to. */
    ObjectNode run(Comparer comparer, Path scratch, Instant begun) {
        // What needs a blob was pushed after it: so the blobs may be newer than the snapshot, and never older.
        boolean isCaptured = new Capturing(sides, tools, policy, meter, this::found).take(scratch, summary);
        LastRun.Said last = new LastRun(sides.backup()).read();
        Copying copying = tools.copying().apply(sides, tools.pace());
        // What was there before the first run that compared everything is its first fill, and no miss of the events'.
        boolean isFilled = last.successBegun().isPresent() || hasComparedAll(last.summary());
        Bringing bringing = new Bringing(
                sides,
                copying,
                tools.lanes(),
                permit,
                meter,
                figures,
                isFilled ? Optional.of(begun.minus(policy.missedAfter())) : Optional.empty());
        boolean isMended = mend(copying, bringing, last);
        Comparing comparing = new Comparing(sides, comparer, bringing, figures, meter, this::found);
        boolean isDoubtful = compare(comparing, scratch, begun, last.summary());
        judgeWaiting(copying, bringing);
        boolean isRemoved = remove(copying, scratch, isDoubtful, begun);
        meter.phase("looking after records, uploads and the catalog");
        Optional<Long> settled = comparing.left().map(new SettledRejections(sides, permit)::remove);
        summary.put("rejectionsSettled", settled.orElse(0L));
        abortUploads(begun.minus(UPLOAD));
        new Refreshing(sides, tools, isOpenShift, permit, meter, this::found).refresh(comparing, figures, isFilled);
        boolean isArchived = new Archiving(sides, tools, permit, meter, this::found)
                .update(comparing.failed().isEmpty(), scratch, begun, summary);
        isComplete = isCaptured
                && isMended
                && isRemoved
                && isArchived
                && comparing.failed().isEmpty()
                && figures.total(Count.LEFT) == 0;
        return tell(comparing, comparer);
    }

    /** Does what is known without a comparison; says whether all of that is done. */
    private boolean mend(Copying copying, Bringing bringing, LastRun.Said last) {
        meter.phase("settling what is owed");
        OwedShelf shelf = new OwedShelf(sides.backup(), "reconcile", tools.clock());
        summary.put("owedSettled", new OwedFirst(shelf, bringing).run());
        boolean isAdopted = adopt(copying);
        meter.phase("replacing what was found damaged");
        Damaged damaged =
                new Damaged(new Reports(sides.backup()), sides, copying, bringing, tools.pace(), permit, this::found);
        summary.put("damagedReplaced", damaged.replaceSince(last.successBegun()));
        return isAdopted && damaged.left() == 0;
    }

    /** Has every link that is on record as waiting looked at again, so that none stays there that waits no more. */
    private void judgeWaiting(Copying copying, Bringing bringing) {
        meter.phase("looking at what waits");
        copying.openLinks().forEach(links -> {
            links.forEach(link -> bringing.bring(link, false, fate -> {}));
            bringing.await();
        });
    }

    /** Not every store lists uploads; those of ours that are left behind cost room and nothing else. */
    private void abortUploads(Instant startedBefore) {
        try {
            summary.put("uploadsAborted", sides.backup().abortUploads("", startedBefore));
        } catch (ObjectStoreException e) {
            found(new Finding(
                    FindingCode.COULD_NOT_TELL,
                    sides.backup().bucket(),
                    "Uploads that were left under way were not given up: " + e.getMessage()));
        }
    }

    private void found(Finding finding) {
        meter.found(finding);
        report.accept(finding);
    }

    private Alarms alarms() {
        return new Alarms(sides.backup(), tools.clock());
    }

    private boolean adopt(Copying copying) {
        meter.phase("proving what is there");
        // It tells the meter itself.
        Adoption.Result adopted = new Adoption(
                        sides.backup(),
                        sides.layout(),
                        copying.blobs(),
                        copying.adopted(),
                        tools.lanes(),
                        tools.pace(),
                        tools.clock())
                .run(permit, meter, report);
        summary.putObject("adoption")
                .put("proved", adopted.proved())
                .put("replaced", adopted.replaced())
                .put("setAside", adopted.setAside())
                .put("bytes", adopted.bytes());
        return adopted.isComplete();
    }

    /** Says whether removals are out of the question. */
    private boolean compare(Comparing comparing, Path scratch, Instant begun, ObjectNode last) {
        try (AbsenceUpdate absences = new Absences(sides.backup()).update(scratch, begun)) {
            comparing.run(policy.partKeys(), new PartSizes(sides.backup()), absences);
            permit.require();
            // First, since what is on record as absent is no news to the next run, should this one die in between.
            boolean isDoubtful = new Vanished(policy, figures, alarms()).look(comparing.failed(), !last.isEmpty());
            absences.finish();
            return isDoubtful;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to keep lists in %s: %s. Set reconcile.scratch to a directory with room"
                            .formatted(scratch, e.getMessage()),
                    e);
        }
    }

    private static boolean hasComparedAll(ObjectNode last) {
        return last.has("classes") && last.path("failedParts").isEmpty();
    }

    /** Says whether nothing is left of that to do. */
    private boolean remove(Copying copying, Path scratch, boolean isDoubtful, Instant begun) {
        boolean isDone = true;
        Needs needs = new Needs(sides, tools.lanes());
        RemovalRecord removing = new RemovalRecord(sides.backup(), tools.clock());
        if (policy.mirrors() && !isDoubtful && alarms().open().isEmpty()) {
            meter.phase("removing what the registry has lacked for long");
            Instant before = begun.minus(policy.retention());
            CapturedImages captured = new CapturedImages(sides.backup(), scratch, before);
            isDone = new Removal(
                            sides,
                            new RepositoryNeeds(sides, needs),
                            captured,
                            new BlobRemoval(sides, needs, captured, removing),
                            permit,
                            figures,
                            this::found,
                            scratch,
                            before)
                    .run();
        }
        AfterRemoval after = new AfterRemoval(sides, copying, needs, permit, this::found);
        removing.since().ifPresent(since -> checkRemoved(after, removing, since));
        return isDone && after.isTold();
    }

    private void checkRemoved(AfterRemoval afterRemoval, RemovalRecord removing, Instant since) {
        meter.phase("checking links written while blobs were removed");
        wait(policy.memory());
        summary.put("broughtBack", afterRemoval.check(since));
        if (afterRemoval.isTold()) {
            removing.end();
        }
    }

    /** Waits, and learns meanwhile if it may not go on. */
    private void wait(Duration duration) {
        for (Duration left = duration; left.compareTo(Duration.ZERO) > 0; left = left.minus(LOOK)) {
            permit.require();
            CompletableFuture<Boolean> over = new CompletableFuture<>();
            tools.lanes().after(left.compareTo(LOOK) < 0 ? left : LOOK, () -> over.complete(true));
            over.join();
        }
    }

    private ObjectNode tell(Comparing comparing, Comparer comparer) {
        summary.put("deletes", policy.mirrors() ? "mirror" : "keep");
        summary.set("classes", figures.json());
        for (Count count : Count.values()) {
            summary.put(count.label(), figures.total(count));
        }
        summary.put("parts", comparing.parts());
        ArrayNode failed = summary.putArray("failedParts");
        comparing.failed().forEach(failed::add);
        ObjectNode rclone = summary.putObject("rclone");
        rclone.put("version", comparer.version()).put("keys", comparing.keys());
        ArrayNode commands = rclone.putArray("commands");
        comparing.commands().forEach(commands::add);
        return summary;
    }
}
