package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.Fault;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Operation;
import dev.registrybackup.lab.RecordedRequest;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.S3Request;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.objectstore.s3.ProcessCredentials;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.TestS3Settings;
import dev.registrybackup.reconcile.rclone.Difference.Kind;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/** The real rclone on two buckets, seen through proxies that count requests and break them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RcloneStoreContract {
    private static final int PAIRS = 1100;
    private static final String SAME = "same/docker/registry/v2/";
    private static final String OTHER = "other/";
    private static final String BLOB = OTHER + "blobs/sha256/aa/";
    private static final String LINKS = OTHER + "repositories/team/app/";
    private static final String UPLOADING = "uploading/repositories/team/app/";

    private static final Map<String, Kind> LINK_DIFFERENCES = Map.of(
            LINKS + "_manifests/tags/v1/current/link", Kind.DIFFERENT,
            LINKS + "_manifests/tags/v2/current/link", Kind.SAME,
            LINKS + "_uploads/one/data", Kind.ONLY_IN_REGISTRY);

    private final AutoCloseable store;
    private final S3Endpoint registryStore;
    private final S3Endpoint backupStore;
    private final NotifyingProxy registryProxy;
    private final NotifyingProxy backupProxy;
    private final SortedMap<String, Kind> differences = new TreeMap<>();

    private final Path scratch;

    <S extends AutoCloseable> RcloneStoreContract(
            Path scratch, S store, Function<S, S3Endpoint> registry, Function<S, S3Endpoint> backup) {
        this.scratch = scratch;
        this.store = store;
        registryStore = registry.apply(store);
        backupStore = backup.apply(store);
        registryProxy = NotifyingProxy.inFrontOf(registryStore, "unwatched");
        backupProxy = NotifyingProxy.inFrontOf(backupStore, "unwatched");
    }

    @BeforeAll
    void setUp() {
        try (Bucket registry = Bucket.create(registryStore, "rclone-images");
                Bucket backup = Bucket.create(backupStore, "rclone-backup")) {
            List.of(registry, backup).forEach(RcloneStoreContract::fillIdentical);
            put(registry, BLOB + "only-registry/data", "1");
            put(backup, BLOB + "only-backup/data", "1");
            put(registry, BLOB + "longer/data", "1");
            put(backup, BLOB + "longer/data", "12");
            put(registry, BLOB + "parts/data", "parts");
            putInOnePart(backup, BLOB + "parts/data", "parts");
            put(registry, LINKS + "_manifests/tags/v1/current/link", link(1));
            put(backup, LINKS + "_manifests/tags/v1/current/link", link(2));
            put(registry, LINKS + "_uploads/one/data", "1");
            putInOnePart(registry, UPLOADING + "_uploads/two/data", "1");
            put(registry, UPLOADING + "_layers/one/link", "1");
            put(registry, "only-registry/blobs/data", "1");
            put(backup, "only-backup/blobs/data", "1");
        }
    }

    private static void fillIdentical(Bucket bucket) {
        IntStream.range(0, PAIRS).parallel().forEach(number -> {
            String hexadecimal = hexadecimal(number);
            put(
                    bucket,
                    SAME + "blobs/sha256/%s/%s/data".formatted(hexadecimal.substring(62), hexadecimal),
                    "x".repeat(1 + number % 50));
            put(bucket, SAME + "repositories/app/_layers/sha256/" + hexadecimal + "/link", link(number));
        });
        put(bucket, BLOB + "both/data", "1");
        put(bucket, LINKS + "_manifests/tags/v2/current/link", link(3));
    }

    @AfterEach
    void reset() {
        registryProxy.heal();
        backupProxy.heal();
        differences.clear();
    }

    @AfterAll
    void close() throws Exception {
        registryProxy.close();
        backupProxy.close();
        store.close();
    }

    @Test
    void twoBucketsAreComparedInBothDirections() {
        // When
        Comparison comparison = compare("", CompareBy.SIZE);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(2L * PAIRS + 12, comparison.keys());
        differences.values().removeIf(kind -> kind == Kind.SAME);
        assertEquals(
                new TreeMap<>(Map.of(
                        BLOB + "only-registry/data",
                        Kind.ONLY_IN_REGISTRY,
                        BLOB + "only-backup/data",
                        Kind.ONLY_IN_BACKUP,
                        BLOB + "longer/data",
                        Kind.DIFFERENT,
                        LINKS + "_uploads/one/data",
                        Kind.ONLY_IN_REGISTRY,
                        UPLOADING + "_uploads/two/data",
                        Kind.ONLY_IN_REGISTRY,
                        UPLOADING + "_layers/one/link",
                        Kind.ONLY_IN_REGISTRY,
                        "only-registry/blobs/data",
                        Kind.ONLY_IN_REGISTRY,
                        "only-backup/blobs/data",
                        Kind.ONLY_IN_BACKUP)),
                differences);
    }

    @Test
    void uploadsInProgressAreNotAskedFor() {
        // Given
        registryProxy.reset();
        Shard shard = new Shard("uploading/", CompareBy.CONTENT, List.of("{{_uploads/.*}}"), true);

        // When
        Comparison comparison = rclone(registry(), backup()).compare(shard, this::addDifference);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(Map.of(UPLOADING + "_layers/one/link", Kind.ONLY_IN_REGISTRY), differences);
        assertEquals(List.of(Operation.LIST_OBJECTS), operations(registryProxy));
    }

    @ParameterizedTest
    @EnumSource
    void equalKeysCostOneRequestAThousand(CompareBy compareBy) {
        // Given
        registryProxy.reset();
        backupProxy.reset();

        // When
        Comparison comparison = compare(SAME, compareBy);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(2L * PAIRS, comparison.keys());
        List<Operation> threeListings = List.of(Operation.LIST_OBJECTS, Operation.LIST_OBJECTS, Operation.LIST_OBJECTS);
        assertEquals(threeListings, operations(registryProxy));
        assertEquals(threeListings, operations(backupProxy));
    }

    @Test
    void aLinkOfTheSameSizeDiffersByItsContent() {
        // When
        Comparison comparison = compare(LINKS, CompareBy.CONTENT);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(LINK_DIFFERENCES, differences);
    }

    @Test
    void aShardWithFiltersIsListedByDirectories() {
        // When
        Comparison comparison = rclone(registry(), backup())
                .compare(new Shard(LINKS, CompareBy.CONTENT, List.of("_uploads/**"), false), this::addDifference);

        // Then
        assertEquals("", comparison.problem());
        differences.put(LINKS + "_uploads/one/data", Kind.ONLY_IN_REGISTRY);
        assertEquals(LINK_DIFFERENCES, differences);
    }

    @Test
    void contentOfAnUploadInPartsCannotBeCompared() {
        // When
        Comparison comparison = compare(BLOB, CompareBy.CONTENT);

        // Then
        assertTrue(
                comparison.problem().contains("a store lists no MD5 of " + BLOB + "parts/data"), comparison.problem());
    }

    @ParameterizedTest
    @CsvSource({"only-registry, ONLY_IN_REGISTRY", "only-backup, ONLY_IN_BACKUP"})
    void aPrefixMissingOnOneSideIsOnlyOnTheOther(String name, Kind kind) {
        // When
        Comparison comparison = compare(name + "/blobs/", CompareBy.SIZE);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(Map.of(name + "/blobs/data", kind), differences);
    }

    @Test
    void aPrefixThatNeitherHasIsNoDifference() {
        // When
        Comparison comparison = compare("nowhere/", CompareBy.CONTENT);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(0, comparison.keys());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBucketThatIsNotThereIsNotAnEmptyOne(boolean registryIsThere) {
        // Given
        Rclone rclone = registryIsThere
                ? rclone(registry(), remote("backup", backupProxy.endpoint(), "rclone-nowhere"))
                : rclone(remote("registry", registryProxy.endpoint(), "rclone-nowhere"), backup());

        // When
        Comparison comparison = rclone.compare(shard(OTHER, CompareBy.SIZE), this::addDifference);

        // Then
        assertFalse(comparison.isReliable());
        assertTrue(comparison.problem().contains("directory not found"), comparison.problem());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void refusedCredentialsAreNotAnEmptyStore(boolean ofTheBackup) {
        // Given
        Rclone rclone = ofTheBackup
                ? rclone(registry(), remote("backup", withWrongSecret(backupProxy), "rclone-backup"))
                : rclone(remote("registry", withWrongSecret(registryProxy), "rclone-images"), backup());

        // When
        Comparison comparison = rclone.compare(shard(OTHER, CompareBy.SIZE), this::addDifference);

        // Then
        assertFalse(comparison.isReliable());
        assertTrue(comparison.problem().contains("SignatureDoesNotMatch"), comparison.problem());
    }

    @Test
    void refusedCredentialsAreNoMissingKeysWhenComparedAgain() {
        // Given
        Rclone rclone = rclone(registry(), remote("backup", withWrongSecret(backupProxy), "rclone-backup"));

        // When
        Comparison comparison =
                rclone.compareKeys(shard(OTHER, CompareBy.SIZE), List.of(BLOB + "both/data"), this::addDifference);

        // Then
        assertFalse(comparison.isReliable());
        assertTrue(comparison.problem().contains("SignatureDoesNotMatch"), comparison.problem());
    }

    static Stream<Fault> faults() {
        return Stream.of(
                Fault.internalError(),
                Fault.answer(403, "AccessDenied"),
                Fault.cutResponse(0),
                Fault.cutResponse(300),
                Fault.truncateResponse(300));
    }

    /** Once is enough: rclone waits for a third of a minute. */
    static Stream<Fault> throttling() {
        return Stream.of(Fault.slowDown());
    }

    @ParameterizedTest
    @MethodSource({"faults", "throttling"})
    void aListingThatFailsInTheMiddleIsUnreliable(Fault fault) {
        // Given
        backupProxy.inject(RcloneStoreContract::isLaterPage, fault);

        // When
        Comparison comparison = compare(SAME, CompareBy.SIZE);

        // Then
        assertFalse(comparison.isReliable());
    }

    @ParameterizedTest
    @MethodSource("faults")
    void aListingOfTheRegistryThatFailsIsUnreliable(Fault fault) {
        // Given
        registryProxy.inject(request -> request.operation() == Operation.LIST_OBJECTS, fault);

        // When
        Comparison comparison = compare(SAME, CompareBy.CONTENT);

        // Then
        assertFalse(comparison.isReliable());
    }

    @ParameterizedTest
    @MethodSource("faults")
    void comparingKeysOfAFailingStoreIsUnreliable(Fault fault) {
        // Given
        backupProxy.inject(request -> request.query().contains("both"), fault);

        // When
        Comparison comparison = rclone(registry(), backup())
                .compareKeys(shard(OTHER, CompareBy.SIZE), List.of(BLOB + "both/data"), this::addDifference);

        // Then
        assertFalse(comparison.isReliable());
    }

    @Test
    void aListingThatFailsOnceIsAskedForAgain() {
        // Given
        backupProxy.inject(RcloneStoreContract::isLaterPage, Fault.internalError(), 1);

        // When
        Comparison comparison = compare(SAME, CompareBy.SIZE);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(2L * PAIRS, comparison.keys());
    }

    @Test
    void comparingKeysReportsTheseKeys() {
        // Given
        List<String> keys = List.of(
                BLOB + "both/data",
                BLOB + "only-registry/data",
                BLOB + "only-backup/data",
                BLOB + "longer/data",
                BLOB + "neither/data",
                LINKS + "_manifests/tags/v1/current/link",
                LINKS + "_manifests/tags/v2/current/link");

        // When
        Comparison comparison =
                rclone(registry(), backup()).compareKeys(shard(OTHER, CompareBy.CONTENT), keys, this::addDifference);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(
                new TreeMap<>(Map.of(
                        BLOB + "both/data", Kind.SAME,
                        BLOB + "only-registry/data", Kind.ONLY_IN_REGISTRY,
                        BLOB + "only-backup/data", Kind.ONLY_IN_BACKUP,
                        BLOB + "longer/data", Kind.DIFFERENT,
                        LINKS + "_manifests/tags/v1/current/link", Kind.DIFFERENT,
                        LINKS + "_manifests/tags/v2/current/link", Kind.SAME)),
                differences);
    }

    @Test
    void namesAreThoseOfBothStores() {
        // When
        SortedSet<String> names = rclone(registry(), backup()).listNames("");

        // Then
        assertEquals(new TreeSet<>(Set.of("only-backup/", "only-registry/", "other/", "same/", "uploading/")), names);
    }

    @Test
    void belowAPrefixThatIsNowhereAreNoNames() {
        // When
        SortedSet<String> names = rclone(registry(), backup()).listNames("nowhere/");

        // Then
        assertEquals(new TreeSet<>(), names);
    }

    @Test
    void theNamesInABucketThatIsNotThereAreUnknown() {
        // Given
        Rclone rclone = rclone(registry(), remote("backup", backupProxy.endpoint(), "rclone-nowhere"));

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> rclone.listNames(SAME));

        // Then
        assertEquals(StoreError.UNAVAILABLE, failure.error());
    }

    @Test
    void aDirectoryIsComparedWithABucket() throws IOException {
        // Given
        Path root = Files.createDirectories(scratch.resolve("volume"));
        Path blobs = Files.createDirectories(root.resolve(BLOB + "both"));
        Files.writeString(blobs.resolve("data"), "1");
        Path tag = Files.createDirectories(root.resolve(LINKS + "_manifests/tags/v1/current"));
        Files.writeString(tag.resolve("link"), link(7));
        Rclone rclone = rclone(new RcloneRemote("registry", Optional.empty(), Optional.of(root)), backup());

        // When
        Comparison comparison = rclone.compare(shard(OTHER, CompareBy.CONTENT), this::addDifference);

        // Then
        assertEquals(Kind.SAME, differences.get(BLOB + "both/data"));
        assertEquals(Kind.DIFFERENT, differences.get(LINKS + "_manifests/tags/v1/current/link"));
        assertEquals(Kind.ONLY_IN_BACKUP, differences.get(BLOB + "only-backup/data"));
        assertEquals("", comparison.problem());
    }

    @Test
    void aDirectoryThatIsNotThereIsEmptyBelowARootThatIs() throws IOException {
        // Given
        Path root = Files.createDirectories(scratch.resolve("empty-volume"));
        Rclone rclone = rclone(new RcloneRemote("registry", Optional.empty(), Optional.of(root)), backup());

        // When
        Comparison comparison = rclone.compare(shard("only-backup/", CompareBy.CONTENT), this::addDifference);

        // Then
        assertEquals("", comparison.problem());
        assertEquals(Map.of("only-backup/blobs/data", Kind.ONLY_IN_BACKUP), differences);
    }

    @Test
    void aVolumeThatIsNotThereIsNotAnEmptyOne() {
        // Given
        Path root = scratch.resolve("unmounted");
        Rclone rclone = rclone(registry(), new RcloneRemote("backup", Optional.empty(), Optional.of(root)));

        // When
        Comparison comparison = rclone.compare(shard(OTHER, CompareBy.SIZE), this::addDifference);

        // Then
        assertFalse(comparison.isReliable());
        assertEquals(0, comparison.keys());
    }

    final Comparison compare(String prefix, CompareBy compareBy) {
        return rclone(registry(), backup()).compare(shard(prefix, compareBy), this::addDifference);
    }

    private void addDifference(Difference difference) {
        differences.put(difference.key(), difference.kind());
    }

    private Rclone rclone(RcloneRemote registry, RcloneRemote backup) {
        return Rclone.create("rclone", registry, backup, new ProcessCredentials(), scratch);
    }

    private RcloneRemote registry() {
        return remote("registry", registryProxy.endpoint(), "rclone-images");
    }

    private RcloneRemote backup() {
        return remote("backup", backupProxy.endpoint(), "rclone-backup");
    }

    private static Shard shard(String prefix, CompareBy compareBy) {
        return new Shard(prefix, compareBy, List.of(), true);
    }

    private static RcloneRemote remote(String name, S3Endpoint endpoint, String bucket) {
        return remote(name, endpoint, bucket, S3Settings.WriteOptions.DEFAULT);
    }

    private static RcloneRemote remote(
            String name, S3Endpoint endpoint, String bucket, S3Settings.WriteOptions writeOptions) {
        S3Settings settings = TestS3Settings.of(name, endpoint, bucket, writeOptions);
        return new RcloneRemote(name, Optional.of(settings), Optional.empty());
    }

    private static S3Endpoint withWrongSecret(NotifyingProxy proxy) {
        S3Endpoint endpoint = proxy.endpoint();
        return new S3Endpoint(endpoint.uri(), endpoint.region(), endpoint.accessKey(), "wrong");
    }

    private static boolean isLaterPage(S3Request request) {
        return request.operation() == Operation.LIST_OBJECTS && request.query().contains("marker=");
    }

    private static List<Operation> operations(NotifyingProxy proxy) {
        return proxy.requests().stream().map(RecordedRequest::operation).toList();
    }

    private static void put(Bucket bucket, String key, String content) {
        bucket.put(key, content.getBytes(UTF_8));
    }

    private static void putInOnePart(Bucket bucket, String key, String content) {
        S3Client client = bucket.client();
        String upload = client.createMultipartUpload(
                        request -> request.bucket(bucket.name()).key(key))
                .uploadId();
        String tag = client.uploadPart(
                        request -> request.bucket(bucket.name())
                                .key(key)
                                .uploadId(upload)
                                .partNumber(1),
                        RequestBody.fromString(content))
                .eTag();
        CompletedPart part = CompletedPart.builder().partNumber(1).eTag(tag).build();
        client.completeMultipartUpload(request ->
                request.bucket(bucket.name()).key(key).uploadId(upload).multipartUpload(parts -> parts.parts(part)));
    }

    private static String link(int number) {
        return "sha256:" + hexadecimal(number);
    }

    private static String hexadecimal(int number) {
        return "%064x".formatted(number);
    }
}
