package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.replication.KmsStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stores whose ETags are no MD5, as KMS makes them: on either side, on both, and for some objects only. */
class EncryptedStoresTest {
    private final RandomRegistry content = RandomRegistry.filled(4);

    private Path scratch;

    @BeforeEach
    void begin(@TempDir Path directory) {
        scratch = directory;
    }

    /** What each store is seen through. */
    record Seen(String name, UnaryOperator<ObjectStore> registry, UnaryOperator<ObjectStore> backup) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static boolean isSome(String key) {
        return key.hashCode() % 3 == 0;
    }

    static Stream<Seen> stores() {
        UnaryOperator<ObjectStore> plain = UnaryOperator.identity();
        UnaryOperator<ObjectStore> some = store -> new KmsStore(store, EncryptedStoresTest::isSome);
        return Stream.of(
                new Seen("the registry", KmsStore::new, plain),
                new Seen("the backup", plain, KmsStore::new),
                new Seen("both", KmsStore::new, store -> new KmsStore(store, key -> true)),
                new Seen("some of the registry", some, plain),
                new Seen("some of the backup", plain, some));
    }

    private ReconcileFixture filled(Seen seen) {
        ReconcileFixture stores = new ReconcileFixture(scratch, true, seen.registry(), seen.backup()).of(content);
        stores.run();
        stores.clock().advance(Duration.ofHours(1));
        stores.backup().forget();
        return stores;
    }

    private static List<String> written(ReconcileFixture stores) {
        return stores.backup().written().stream()
                .filter(key -> key.startsWith("docker/"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("stores")
    void anEmptyBackupIsFilledWhateverTheETagsAre(Seen seen) {
        // Given
        try (ReconcileFixture stores =
                new ReconcileFixture(scratch, true, seen.registry(), seen.backup()).of(content)) {

            // When
            Reconciliation.Result result = stores.run();

            // Then
            assertTrue(result.isComplete(), result.summary()::toPrettyString);
            assertEquals(stores.inRegistry(), stores.backedUp());
            assertEquals(stores.inRegistry().size(), ReconcileFixture.total(result, "brought"));
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void aSecondRunWritesNothingAndLeavesNothing(Seen seen) {
        // Given
        try (ReconcileFixture stores = filled(seen)) {

            // When
            Reconciliation.Result result = stores.run();

            // Then
            assertEquals(List.of(), written(stores));
            assertTrue(result.isComplete(), result.summary()::toPrettyString);
            assertEquals(0, ReconcileFixture.total(result, "brought"));
            assertEquals(0, ReconcileFixture.total(result, "missedByEvents"));
            assertEquals(stores.inRegistry().size(), ReconcileFixture.total(result, "inRegistry"));
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void aTagThatMovedIsFoundThoughTheSizesAgree(Seen seen) {
        // Given
        Digest first = content.image("team/app", content.layer("team/app", 100));
        Digest second = content.image("team/app", content.layer("team/app", 200));
        content.tag("team/app", "latest", first);
        try (ReconcileFixture stores = filled(seen)) {
            content.tag("team/app", "latest", second);
            stores.of(content);

            // When
            Reconciliation.Result result = stores.run();

            // Then
            assertTrue(result.isComplete(), result.summary()::toPrettyString);
            assertEquals(stores.inRegistry(), stores.backedUp());
            assertEquals(1, ReconcileFixture.figure(result, "tag-current-link", "brought"));
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void aTagToARevisionThatTheRegistryLacksIsNotBroughtAgainEachTime(Seen seen) {
        // Given
        Digest image = content.image("team/app", content.layer("team/app", 100));
        content.tag("team/app", "latest", image);
        try (ReconcileFixture stores =
                new ReconcileFixture(scratch, true, seen.registry(), seen.backup()).of(content)) {
            stores.registryBucket().remove(content.revisionLink("team/app", image), java.util.Optional.empty());
            stores.run();
            stores.clock().advance(Duration.ofHours(1));
            stores.backup().forget();

            // When
            Reconciliation.Result result = stores.run();

            // Then
            assertEquals(List.of(), written(stores));
            assertEquals(0, ReconcileFixture.total(result, "brought"), result.summary()::toPrettyString);
            assertEquals(0, ReconcileFixture.total(result, "missedByEvents"));
            assertEquals(stores.inRegistry(), stores.backedUp());
        }
    }
}
