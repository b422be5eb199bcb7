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
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stores whose ETags are no MD5, as KMS makes them: on no side, on either, on both, and for some objects only. */
class EncryptedStoresTest {
    private final RandomRegistry content = RandomRegistry.random(4);

    private final Path scratch;

    EncryptedStoresTest(@TempDir Path scratch) {
        this.scratch = scratch;
    }

    /** What each store is seen through. */
    record StoreCase(String name, UnaryOperator<ObjectStore> registry, UnaryOperator<ObjectStore> backup) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static boolean isSampled(String key) {
        return key.hashCode() % 3 == 0;
    }

    static Stream<StoreCase> stores() {
        UnaryOperator<ObjectStore> plain = UnaryOperator.identity();
        UnaryOperator<ObjectStore> some = store -> new KmsStore(store, EncryptedStoresTest::isSampled);
        return Stream.of(
                new StoreCase("neither", plain, plain),
                new StoreCase("the registry", KmsStore::new, plain),
                new StoreCase("the backup", plain, KmsStore::new),
                new StoreCase("both", KmsStore::new, store -> new KmsStore(store, key -> true)),
                new StoreCase("some of the registry", some, plain),
                new StoreCase("some of the backup", plain, some));
    }

    private ReconcileFixture emptyFixture(StoreCase storeCase) {
        return new ReconcileFixture(scratch, true, storeCase.registry(), storeCase.backup()).withContent(content);
    }

    private ReconcileFixture filledFixture(StoreCase storeCase) {
        ReconcileFixture stores = emptyFixture(storeCase);
        stores.run();
        stores.clock().advance(Duration.ofHours(1));
        stores.backup().clearRequests();
        return stores;
    }

    @ParameterizedTest
    @MethodSource("stores")
    void anEmptyBackupIsFilledWhateverTheETagsAre(StoreCase storeCase) {
        // Given
        try (ReconcileFixture stores = emptyFixture(storeCase)) {

            // When
            Reconciliation.ReconcileResult reconcileResult = stores.run();

            // Then
            assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
            assertEquals(stores.registryContent(), stores.backupContent());
            assertEquals(stores.registryContent().size(), ReconcileFixture.totalCount(reconcileResult, "copied"));
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void aSecondRunWritesNothingAndLeavesNothing(StoreCase storeCase) {
        // Given
        try (ReconcileFixture stores = filledFixture(storeCase)) {

            // When
            Reconciliation.ReconcileResult reconcileResult = stores.run();

            // Then
            assertEquals(List.of(), stores.writtenKeys());
            assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
            assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "copied"));
            assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "missedByEvents"));
            assertEquals(stores.registryContent().size(), ReconcileFixture.totalCount(reconcileResult, "inRegistry"));
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void aTagThatMovedIsFoundThoughTheSizesAgree(StoreCase storeCase) {
        // Given
        Digest first = content.image("team/app", content.layer("team/app", 100));
        Digest second = content.image("team/app", content.layer("team/app", 200));
        content.tag("team/app", "latest", first);
        try (ReconcileFixture stores = filledFixture(storeCase)) {
            content.tag("team/app", "latest", second);
            stores.withContent(content);

            // When
            Reconciliation.ReconcileResult reconcileResult = stores.run();

            // Then
            assertTrue(reconcileResult.isComplete(), reconcileResult.summary()::toPrettyString);
            assertEquals(stores.registryContent(), stores.backupContent());
            assertEquals(1, ReconcileFixture.classCount(reconcileResult, "tag-current-link", "copied"));
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void aTagToARevisionMissingInTheRegistryIsNotCopiedAgainEachTime(StoreCase storeCase) {
        // Given
        Digest image = content.image("team/app", content.layer("team/app", 100));
        content.tag("team/app", "latest", image);
        try (ReconcileFixture stores = emptyFixture(storeCase)) {
            stores.registryBucket().delete(content.revisionLink("team/app", image), Optional.empty());
            stores.run();
            stores.clock().advance(Duration.ofHours(1));
            stores.backup().clearRequests();

            // When
            Reconciliation.ReconcileResult reconcileResult = stores.run();

            // Then
            assertEquals(List.of(), stores.writtenKeys());
            assertEquals(
                    0,
                    ReconcileFixture.totalCount(reconcileResult, "copied"),
                    reconcileResult.summary()::toPrettyString);
            assertEquals(0, ReconcileFixture.totalCount(reconcileResult, "missedByEvents"));
            assertEquals(stores.registryContent(), stores.backupContent());
        }
    }
}
