package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.finding.Finding;
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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
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
        LastRun.Said last = new LastRun(sides.backup()).read();
        Copying copying = tools.copying().apply(sides, tools.pace());
        // What was there before the first run that left nothing is its first fill, and no miss of the events'.
        Bringing bringing = new Bringing(
                sides,
                copying,
                tools.lanes(),
                permit,
                meter,
                figures,
                last.successBegun().map(success -> begun.minus(policy.missedAfter())));
        boolean isMended = mend(copying, bringing, last);
        Comparing comparing = new Comparing(sides, comparer, bringing, figures, meter, this::found);
        compare(comparing, scratch, begun);
        remove(comparing, copying, !last.summary().isEmpty(), begun);
        meter.phase("looking after uploads and the catalog");
        summary.put("uploadsAborted", sides.backup().abortUploads("", begun.minus(UPLOAD)));
        new Refreshing(sides, tools, isOpenShift, permit, meter, this::found)
                .refresh(comparing, figures, last.successBegun().isPresent());
        isComplete = isMended && comparing.failed().isEmpty() && figures.total(Count.LEFT) == 0;
        return tell(comparing, comparer);
    }

    /** Does what is known without a comparison; says whether all of that is done. */
    private boolean mend(Copying copying, Bringing bringing, LastRun.Said last) {
        meter.phase("settling what is owed");
        OwedShelf shelf = new OwedShelf(sides.backup(), "reconcile", tools.clock());
        summary.put("owedSettled", new OwedFirst(shelf, bringing).run());
        boolean isAdopted = adopt(copying);
        meter.phase("replacing what was found damaged");
        Damaged damaged = new Damaged(new Reports(sides.backup()), sides, copying, bringing, permit, this::found);
        summary.put("damagedReplaced", damaged.replaceSince(last.successBegun()));
        return isAdopted && damaged.left() == 0;
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

    private void compare(Comparing comparing, Path scratch, Instant begun) {
        try (AbsenceUpdate absences = new Absences(sides.backup()).update(scratch, begun)) {
            comparing.run(policy.partKeys(), new PartSizes(sides.backup()), absences);
            permit.require();
            absences.finish();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "Failed to keep lists in %s: %s. Set reconcile.scratch to a directory with room"
                            .formatted(scratch, e.getMessage()),
                    e);
        }
    }

    private void remove(Comparing comparing, Copying copying, boolean hasRunBefore, Instant begun) {
        Needs needs = new Needs(sides, tools.lanes());
        RemovalRecord removing = new RemovalRecord(sides.backup(), tools.clock());
        boolean isDoubtful = new Vanished(policy, figures, alarms()).look(comparing.failed(), hasRunBefore);
        if (policy.mirrors() && !isDoubtful && alarms().open().isEmpty()) {
            meter.phase("removing what the registry has lacked for long");
            new Removal(
                            sides,
                            new RepositoryNeeds(sides, needs),
                            new BlobRemoval(sides, needs, removing),
                            permit,
                            figures,
                            this::found,
                            begun.minus(policy.retention()))
                    .run();
        }
        AfterRemoval after = new AfterRemoval(sides, copying, needs, permit, this::found);
        removing.since().ifPresent(since -> checkRemoved(after, removing, since));
    }

    private void checkRemoved(AfterRemoval afterRemoval, RemovalRecord removing, Instant since) {
        meter.phase("checking links written while blobs were removed");
        wait(policy.memory());
        summary.put("broughtBack", afterRemoval.check(since));
        removing.end();
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
