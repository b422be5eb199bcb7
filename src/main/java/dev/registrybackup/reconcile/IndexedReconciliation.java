package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.CompletionIndex;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.IndexReports;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ReportWriter;
import dev.registrybackup.reconcile.ReconcileRun.Preparation;
import dev.registrybackup.reconcile.ReconcileRun.RunResult;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A reconciliation whose shards several processes compare and copy. Index {@value #FIRST} prepares and plans it. Every
 * index compares its share of the blobs, waits for the others' blobs, because copying a link copies the blobs that are
 * not there yet, and compares its share of the links. Then index {@value #FIRST} waits for the others and finishes. It
 * alone raises alarms and prunes, because two processes must not. An index that died is repeated, and goes on with the
 * first group of shards that it has not reported.
 */
final class IndexedReconciliation {
    private static final int FIRST = 0;

    /** The plan, by index {@value #FIRST}. */
    private static final String PREPARED = "prepared";
    /** What the comparison of a group of shards has shown, numbered as in the plan. */
    private static final String GROUP = "group";
    /** That an index has compared its groups of blobs. */
    private static final String BLOBS = "blobs";
    /** That an index has compared its other groups. */
    private static final String LINKS = "links";

    private static final String STARTED_AT_FIELD = "startedAt";
    private static final String FILLED_FIELD = "filled";
    private static final String RUN_BEFORE_FIELD = "runBefore";
    private static final String SUCCESS_FIELD = "success";
    private static final String REPAIRED_FIELD = "repaired";
    private static final String FIGURES_FIELD = "figures";
    private static final String SHARDS_FIELD = "shards";

    private static final String CLASSES_FIELD = "classes";
    private static final String RESULT_FIELD = "result";
    private static final String REQUESTS_FIELD = "requests";

    private static final String SHARD_FIELD = "shard";
    private static final String RELIABLE_FIELD = "reliable";
    private static final String MISSING_FIELD = "missing";

    private final Function<OperationContext, ReconcileRun> phases;
    private final OperationContext operation;
    private final IndexReports reports;
    private final Supplier<ObjectNode> requests;
    private final String blobsPrefix;
    private final Path scratch;

    /**
     * Prepares the work of the operation's index.
     *
     * @param phases creates the phases of a run that report to the given context
     * @param operation receives the merged findings, if this index finishes
     * @param requests how many requests this process has sent
     * @param blobsPrefix the prefix of the keys of blobs
     * @param scratch a directory for lists
     */
    IndexedReconciliation(
            Function<OperationContext, ReconcileRun> phases,
            OperationContext operation,
            IndexReports reports,
            Supplier<ObjectNode> requests,
            String blobsPrefix,
            Path scratch) {
        this.phases = phases;
        this.operation = operation;
        this.reports = reports;
        this.requests = requests;
        this.blobsPrefix = blobsPrefix;
        this.scratch = scratch;
    }

    /**
     * Does the work of this index.
     *
     * @param now UTC
     * @return the result of the whole; empty if another index finishes it
     */
    Optional<RunResult> run(Instant now) {
        boolean isFirst = operation.index().number() == FIRST;
        if (isFirst && reports.ownSummary(PREPARED).isEmpty()) {
            prepare(now);
        }
        ObjectNode prepared = reports.await(PREPARED, FIRST);
        Preparation preparation = read(prepared);
        int blobGroups = (int) preparation.groups().stream()
                .takeWhile(group -> group.get(0).prefix().startsWith(blobsPrefix))
                .count();
        compareShare(preparation, BLOBS, 0, blobGroups);
        reports.await(BLOBS);
        compareShare(preparation, LINKS, blobGroups, preparation.groups().size());
        return isFirst ? Optional.of(finish(prepared, preparation)) : Optional.empty();
    }

    /** What is not divided into shards, such as writing the catalog, one index does for all. */
    private ReconcileRun phases(OperationContext reporting) {
        return phases.apply(reporting.withIndex(CompletionIndex.ONLY));
    }

    private void prepare(Instant now) {
        ReportWriter writer = reports.writer(PREPARED);
        ReconcileRun run = phases(operation.withFindingsTo(writer));
        Preparation preparation = run.prepare(now, operation.index().completions());
        for (List<Shard> group : preparation.groups()) {
            ObjectNode line = JsonNodeFactory.instance.objectNode();
            group.forEach(shard -> line.withArray(SHARDS_FIELD).add(json(shard)));
            writer.add(line);
        }
        ObjectNode summary = JsonNodeFactory.instance
                .objectNode()
                .put(STARTED_AT_FIELD, preparation.startedAt().toString())
                .put(FILLED_FIELD, preparation.isFilled())
                .put(RUN_BEFORE_FIELD, preparation.hasRunBefore())
                .put(SUCCESS_FIELD, preparation.isSuccessful())
                .put(REPAIRED_FIELD, preparation.isRepaired());
        summary.set(FIGURES_FIELD, run.summary());
        summary.set(CLASSES_FIELD, run.reconcileStats().json());
        writer.finish(summary);
    }

    private Preparation read(ObjectNode prepared) {
        List<List<Shard>> groups = new ArrayList<>();
        reports.forEachLine(prepared, line -> {
            if (line.has(SHARDS_FIELD)) {
                List<Shard> group = new ArrayList<>();
                line.path(SHARDS_FIELD).forEach(shard -> group.add(shard(shard)));
                groups.add(group);
            }
        });
        return new Preparation(
                Instant.parse(prepared.path(STARTED_AT_FIELD).asText()),
                prepared.path(FILLED_FIELD).asBoolean(),
                prepared.path(RUN_BEFORE_FIELD).asBoolean(),
                prepared.path(SUCCESS_FIELD).asBoolean(),
                prepared.path(REPAIRED_FIELD).asBoolean(),
                groups);
    }

    private static ObjectNode json(Shard shard) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("prefix", shard.prefix())
                .put("compareBy", shard.compareBy().name())
                .put("fastList", shard.isFastList());
        shard.excludes().forEach(json.putArray("excludes")::add);
        return json;
    }

    private static Shard shard(JsonNode json) {
        List<String> excludes = new ArrayList<>();
        json.path("excludes").forEach(pattern -> excludes.add(pattern.asText()));
        return new Shard(
                json.path("prefix").asText(),
                CompareBy.valueOf(json.path("compareBy").asText()),
                excludes,
                json.path("fastList").asBoolean());
    }

    /** Compares this index's groups in a range, until a store can no longer be reached, unless it has done so before. */
    private void compareShare(Preparation preparation, String stage, int from, int to) {
        if (reports.ownSummary(stage).isPresent()) {
            return;
        }
        boolean isReachable = true;
        for (int number = from; number < to && isReachable; number++) {
            boolean isOwn = number % operation.index().completions()
                    == operation.index().number();
            if (isOwn && reports.summary(GROUP, number).isEmpty()) {
                isReachable = compareGroup(preparation, number);
            }
        }
        ObjectNode summary = JsonNodeFactory.instance.objectNode();
        summary.set(REQUESTS_FIELD, requests.get());
        reports.finish(reports.writer(stage), summary);
    }

    /** Compares one group and reports the missing keys of each shard before the shard. */
    private boolean compareGroup(Preparation preparation, int number) {
        ReportWriter writer = reports.writer(GROUP, number);
        ReconcileRun run = phases(operation.withFindingsTo(writer));
        boolean isReachable = run.compare(
                preparation, List.of(preparation.groups().get(number)), (shard, isReliable, missingInRegistry) -> {
                    if (isReliable) {
                        missingInRegistry.forEach(key ->
                                writer.add(JsonNodeFactory.instance.objectNode().put(MISSING_FIELD, key)));
                    }
                    writer.add(JsonNodeFactory.instance
                            .objectNode()
                            .put(SHARD_FIELD, shard.prefix())
                            .put(RELIABLE_FIELD, isReliable));
                });
        ObjectNode summary = JsonNodeFactory.instance.objectNode();
        summary.set(CLASSES_FIELD, run.reconcileStats().json());
        summary.set(RESULT_FIELD, run.diffResult().json());
        writer.finish(summary);
        return isReachable;
    }

    private RunResult finish(ObjectNode prepared, Preparation preparation) {
        List<ObjectNode> shares = reports.await(LINKS);
        reports.startMerging(shares);
        ReconcileRun run = phases(operation);
        reports.forEachLine(prepared, line -> Finding.parse(line).ifPresent(operation::report));
        run.summary().setAll((ObjectNode) prepared.path(FIGURES_FIELD));
        run.reconcileStats().add(prepared.path(CLASSES_FIELD));
        for (int index = FIRST + 1; index < shares.size(); index++) {
            IndexReports.addUp(
                    run.summary().withObject("/" + REQUESTS_FIELD),
                    shares.get(index).path(REQUESTS_FIELD));
        }
        return run.finish(preparation, each -> {
            for (int number = 0; number < preparation.groups().size(); number++) {
                mergeGroup(preparation.groups().get(number), reports.summary(GROUP, number), run, each);
            }
        });
    }

    /** Passes on what a group's report says of its shards; a shard that is not in it was not compared. */
    private void mergeGroup(
            List<Shard> group, Optional<ObjectNode> summary, ReconcileRun run, DiffPhase.ShardConsumer each) {
        List<Shard> left = new ArrayList<>(group);
        try (KeyFile missingInRegistry = new KeyFile(scratch)) {
            summary.ifPresent(report -> {
                run.reconcileStats().add(report.path(CLASSES_FIELD));
                run.diffResult().add(report.path(RESULT_FIELD));
                reports.forEachLine(report, line -> {
                    if (line.has(MISSING_FIELD)) {
                        missingInRegistry.add(line.path(MISSING_FIELD).asText());
                    } else if (line.has(SHARD_FIELD)) {
                        each.accept(left.remove(0), line.path(RELIABLE_FIELD).asBoolean(), missingInRegistry);
                        missingInRegistry.clear();
                    } else {
                        Finding.parse(line).ifPresent(operation::report);
                    }
                });
            });
            left.forEach(shard -> each.accept(shard, false, missingInRegistry));
        }
    }
}
