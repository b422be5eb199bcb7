package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.operation.Report;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.ObjectStoreException;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Function;

/**
 * Verifies whatever store is asked for and keeps the report, and of the backup the catalog, in the backup. Blocks, as
 * {@link Verifier} does. Safe for use by many threads.
 */
public final class Verification {
    private final Function<String, ObjectStore> stores;
    private final ObjectStore backup;
    private final RegistryLayout layout;
    private final Lanes lanes;
    private final Pace pace;
    private final boolean isOpenShift;
    private final Clock clock;
    private final Optional<Captures> captures;

    /**
     * How it ended.
     *
     * @param summary {@link Summary#json}, with the keys of the findings under {@code reports}
     * @param hasFindings {@link Summary#hasFindings}
     * @param couldNotTell {@link Summary#couldNotTell}
     */
    public record Result(ObjectNode summary, boolean hasFindings, boolean couldNotTell) {}

    /**
     * Verifies these stores.
     *
     * @param stores the store of a name; throws {@link IllegalArgumentException} if there is none
     * @param backup where reports are kept
     * @param pace how fast blobs are read
     * @param isOpenShift whose registry it is, by which findings are graded
     * @param captures what was captured of a cluster's ImageStreams into the backup
     */
    public Verification(
            Function<String, ObjectStore> stores,
            ObjectStore backup,
            RegistryLayout layout,
            Lanes lanes,
            Pace pace,
            boolean isOpenShift,
            Clock clock,
            Optional<Captures> captures) {
        this.stores = stores;
        this.backup = backup;
        this.layout = layout;
        this.lanes = lanes;
        this.pace = pace;
        this.isOpenShift = isOpenShift;
        this.clock = clock;
        this.captures = captures;
    }

    /**
     * Verifies what is asked and writes the report, and of the whole backup what it came to. If it cannot go on, what it found until then is written all the same.
     *
     * @param id the operation's, which names the report
     * @param permit asked between reads and before writes
     * @throws IllegalArgumentException if there is no such store
     * @throws ObjectStoreException if the store is out of order, or the report cannot be written
     */
    public Result run(String id, VerifyRequest request, Permit permit, Meter meter) {
        Verifier verifier = new Verifier(
                stores.apply(request.store()),
                layout,
                lanes,
                pace,
                isOpenShift,
                clock,
                Optional.of(new Catalog(backup, layout, lanes, clock, captures)),
                captures);
        Report report = new Report(backup, id, isOpenShift, permit);
        Summary summary;
        try {
            summary = verifier.run(request, permit, meter, report);
        } catch (ObjectStoreException e) {
            keep(report, e);
            throw e;
        }
        ObjectNode json = summary.json();
        report.finish(json);
        if (LastVerification.isOf(request)) {
            permit.require();
            new LastVerification(backup).write(summary, json);
        }
        return new Result(json, summary.hasFindings(), summary.couldNotTell());
    }

    private static void keep(Report report, ObjectStoreException failure) {
        try {
            report.flush();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }
}
