package dev.registrybackup.operation;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore.Operation;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.operation.AttemptRecord.AttemptOutcome;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Operations in a versioned bucket in memory, under a clock that stands still, with names that can be foretold. */
final class OperationFixture {
    static final String PREFIX = "registry-backup/operations/";
    /** The first operation asked for. */
    static final OperationId FIRST_ID = new OperationId("20260304T050607Z-00000001");

    final SettableClock clock = new SettableClock();
    final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    final FakeRunner runner = new FakeRunner();
    private final AtomicInteger idCounter = new AtomicInteger();
    final Operations operations = new Operations(backup, clock, () -> "%08x".formatted(idCounter.incrementAndGet()));

    OperationRequest createRestore() {
        return operations.create(OperationKind.RESTORE, "registry", parameters(), "alice");
    }

    static ObjectNode parameters() {
        return JsonNodeFactory.instance.objectNode().put("image", "team/app:1.0");
    }

    static AttemptOutcome succeededOutcome() {
        return new AttemptOutcome(OperationState.SUCCEEDED, Optional.of(summary()), Optional.empty());
    }

    static AttemptOutcome outcome(OperationState state) {
        return new AttemptOutcome(state, Optional.empty(), Optional.of("because"));
    }

    static ObjectNode summary() {
        return JsonNodeFactory.instance.objectNode().put("images", 7);
    }

    OperationStatus status() {
        return operations.status(FIRST_ID, runner).orElseThrow();
    }

    OperationState state() {
        return status().state();
    }

    String text(String name) {
        return new String(bucket.bytes(PREFIX + FIRST_ID + "/" + name), StandardCharsets.UTF_8);
    }

    void seed(String name, String text) {
        bucket.seed(PREFIX + FIRST_ID + "/" + name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The names of the operation's objects. */
    List<String> names() {
        String folder = PREFIX + FIRST_ID + "/";
        return bucket.keys(folder).stream()
                .map(key -> key.substring(folder.length()))
                .toList();
    }

    void failOn(Operation which) {
        backup.beforeRequest((operation, key) -> {
            if (operation == which) {
                throw new ObjectStoreException(StoreError.UNAVAILABLE, "The store is down");
            }
        });
    }

    void clearFailures() {
        backup.beforeRequest((operation, key) -> {});
    }
}
