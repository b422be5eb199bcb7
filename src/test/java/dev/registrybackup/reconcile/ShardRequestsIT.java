package dev.registrybackup.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Bucket;
import dev.registrybackup.lab.NotifyingProxy;
import dev.registrybackup.lab.Operation;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.S3ProxyServer;
import dev.registrybackup.objectstore.s3.ProcessCredentials;
import dev.registrybackup.objectstore.s3.S3ObjectStore;
import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.S3Timeouts;
import dev.registrybackup.objectstore.s3.TestS3Settings;
import dev.registrybackup.reconcile.rclone.Comparison;
import dev.registrybackup.reconcile.rclone.Rclone;
import dev.registrybackup.reconcile.rclone.RcloneRemote;
import dev.registrybackup.reconcile.rclone.Shard;
import dev.registrybackup.registry.RegistryLayout;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What each listing of a comparison in shards is for: an idle run takes these and one more for each further 1,000 keys. */
@RequiresRealStack
class ShardRequestsIT {
    private static final S3Timeouts TIMEOUTS =
            new S3Timeouts(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));
    private static final Pattern PREFIX = Pattern.compile("(?:^|&)prefix=([^&]*)");
    private static final String BASE = "docker/registry/v2/";
    private static final String LINKS = BASE + "repositories/";
    private final RegistryLayout layout = new RegistryLayout("");
    private final S3ProxyServer server = S3ProxyServer.inMemory(256);
    private final NotifyingProxy registry = NotifyingProxy.inFrontOf(server.endpoint(), "unwatched");
    private final NotifyingProxy backup = NotifyingProxy.inFrontOf(server.endpoint(), "unwatched");
    private S3ObjectStore registryStore;
    private S3ObjectStore backupStore;
    private Rclone rclone;

    @BeforeEach
    @SuppressWarnings("MustBeClosedChecker") // closed after the test
    void setUp(@TempDir Path scratch) {
        for (String name : List.of("registry", "backup")) {
            try (Bucket bucket = Bucket.create(server.endpoint(), name)) {
                fill(bucket);
            }
        }
        S3Settings registrySettings = settings("registry", registry);
        S3Settings backupSettings = settings("backup", backup);
        registryStore = S3ObjectStore.of(registrySettings, TIMEOUTS, 2);
        backupStore = S3ObjectStore.of(backupSettings, TIMEOUTS, 2);
        rclone = Rclone.create(
                "rclone", remote(registrySettings), remote(backupSettings), new ProcessCredentials(), scratch);
    }

    private static void fill(Bucket bucket) {
        put(bucket, BASE + "blobs/sha256/ab/" + "ab".repeat(32) + "/data");
        for (String namespace : List.of("a", "b", "c")) {
            for (int number = 0; number < 4; number++) {
                put(bucket, LINKS + "%s/app/_layers/sha256/%064x/link".formatted(namespace, number));
            }
        }
    }

    private static void put(Bucket bucket, String key) {
        bucket.put(key, new byte[1]);
    }

    private static S3Settings settings(String name, NotifyingProxy proxy) {
        return TestS3Settings.of(name, proxy.endpoint(), name, S3Settings.WriteOptions.DEFAULT);
    }

    private static RcloneRemote remote(S3Settings settings) {
        return new RcloneRemote(settings.name(), Optional.of(settings), Optional.empty());
    }

    @AfterEach
    void tearDown() {
        registryStore.close();
        backupStore.close();
        registry.close();
        backup.close();
        server.close();
    }

    @Test
    void aPlanLooksAtOneLinkInEachStore() {
        // When
        planner().plan(1);

        // Then
        assertListings(Map.of(LINKS, 1));
    }

    @Test
    void aPlanForSeveralProcessesListsNamesOfDirectories() {
        // When
        planner().plan(2);

        // Then
        Map<String, Integer> listings = new TreeMap<>(Map.of(LINKS, 1 + 1));
        List.of("a", "b", "c").forEach(namespace -> {
            listings.put(LINKS + namespace + "/", 1);
            listings.put(LINKS + namespace + "/app/", 1);
        });
        assertListings(listings);
    }

    @Test
    void blobsAndLinksAreListedOnceAndWhatIsBesideThemByDirectory() {
        // Given
        List<Shard> shards = planner().plan(1).get(0);
        registry.reset();
        backup.reset();

        // When
        for (Shard shard : shards) {
            Comparison comparison = rclone.compare(shard, difference -> {});
            assertTrue(comparison.isReliable(), comparison::problem);
        }

        // Then
        Map<String, Integer> listings = new TreeMap<>(Map.of(BASE + "blobs/", 1, LINKS, 1));
        listings.putAll(Map.of("", 1, "docker/", 1, "docker/registry/", 1, BASE, 1));
        assertListings(listings);
    }

    private ShardPlanner planner() {
        return new ShardPlanner(new StorePair(registryStore, backupStore, layout), rclone);
    }

    private void assertListings(Map<String, Integer> expected) {
        assertEquals(new TreeMap<>(expected), listings(registry));
        assertEquals(new TreeMap<>(expected), listings(backup));
    }

    /** How often each prefix was listed; nothing else was requested. */
    private static Map<String, Integer> listings(NotifyingProxy proxy) {
        Map<String, Integer> counts = new TreeMap<>();
        proxy.requests().forEach(request -> {
            assertEquals(Operation.LIST_OBJECTS, request.operation());
            Matcher prefix = PREFIX.matcher(request.query());
            String listed = prefix.find() ? URLDecoder.decode(prefix.group(1), StandardCharsets.UTF_8) : "";
            counts.merge(listed, 1, Integer::sum);
        });
        return counts;
    }
}
