package dev.registrybackup.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/** What comparing and copying all shards, or an index's share of them, has shown besides the counts. Safe for use by many threads. */
final class DiffResult {
    /** How many rclone commands are kept. */
    private static final int MAX_COMMANDS = 20;

    private static final int MAX_REPOSITORIES = 100;
    private static final int MAX_REMAINING = 10_000;

    private final List<String> failedShards = new ArrayList<>();
    private final List<String> commands = new ArrayList<>();
    private final SortedSet<String> changedRepositories = new TreeSet<>();
    private final Set<String> remainingKeys = new HashSet<>();
    private long comparedKeys;

    synchronized void addFailedShard(String problem) {
        failedShards.add(problem);
    }

    synchronized void addComparison(List<String> rcloneCommands, long keys) {
        rcloneCommands.stream()
                .limit(Math.max(0, MAX_COMMANDS - commands.size()))
                .forEach(commands::add);
        comparedKeys += keys;
    }

    synchronized void addChangedRepository(String name) {
        addWithin(MAX_REPOSITORIES, changedRepositories, name);
    }

    synchronized void addRemainingKey(String key) {
        addWithin(MAX_REMAINING, remainingKeys, key);
    }

    /** Keeps one more than the maximum, which shows that there were too many. */
    private static void addWithin(int most, Collection<String> names, String name) {
        if (names.size() <= most) {
            names.add(name);
        }
    }

    /** Why shards could not be compared; empty if all were. */
    synchronized List<String> failedShards() {
        return List.copyOf(failedShards);
    }

    /** The repositories with copied links; empty if they are too many to keep. */
    synchronized Optional<SortedSet<String>> changedRepositories() {
        return changedRepositories.size() > MAX_REPOSITORIES
                ? Optional.empty()
                : Optional.of(new TreeSet<>(changedRepositories));
    }

    /** The remaining keys; empty if there are too many to keep, or shards were not compared. */
    synchronized Optional<Set<String>> remainingKeys() {
        return failedShards.isEmpty() && remainingKeys.size() <= MAX_REMAINING
                ? Optional.of(Set.copyOf(remainingKeys))
                : Optional.empty();
    }

    /** Adds what the summary of a reconciliation has of it. */
    synchronized void summarize(ObjectNode summary, String rcloneVersion) {
        failedShards.forEach(summary.putArray("failedShards")::add);
        ObjectNode rclone = summary.putObject("rclone");
        rclone.put("version", rcloneVersion).put("keys", comparedKeys);
        commands.forEach(rclone.putArray("commands")::add);
    }

    /** All of it, for {@link #add}. */
    synchronized ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("comparedKeys", comparedKeys);
        failedShards.forEach(json.putArray("failedShards")::add);
        commands.forEach(json.putArray("commands")::add);
        changedRepositories.forEach(json.putArray("changedRepositories")::add);
        remainingKeys.forEach(json.putArray("remainingKeys")::add);
        return json;
    }

    /** Adds the result of another share. */
    void add(JsonNode json) {
        json.path("failedShards").forEach(problem -> addFailedShard(problem.asText()));
        json.path("commands").forEach(command -> addComparison(List.of(command.asText()), 0));
        addComparison(List.of(), json.path("comparedKeys").asLong());
        json.path("changedRepositories").forEach(name -> addChangedRepository(name.asText()));
        json.path("remainingKeys").forEach(key -> addRemainingKey(key.asText()));
    }
}
