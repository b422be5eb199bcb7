package dev.registrybackup.imagestream.restore;

import static dev.registrybackup.imagestream.FakeCluster.digest;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCreatorTest {
    @Test
    void childrenAreCreatedBeforeTheirIndexesHoweverDeepThoseGo(@TempDir Path scratch) {
        // Given
        int depth = 10_000;
        SettableClock clock = new SettableClock();
        FakeCluster lost = new FakeCluster();
        List<String> childrenFirst = new ArrayList<>();
        for (int level = 0; level < depth; level++) {
            Digest image = digest("level " + level);
            lost.push(image, level == 0 ? new Digest[0] : new Digest[] {digest("level " + (level - 1))});
            childrenFirst.add("create " + ObjectName.image(image));
        }
        lost.tag("ns/app", "v1", digest("level " + (depth - 1)), clock.instant());
        InMemoryObjectStore backup = new InMemoryObjectStore("backup");
        try (WorkerPools workerPools = new WorkerPools(4, 2)) {
            lost.capture(backup, workerPools, clock, scratch);
        }
        CaptureReader captureReader = new CaptureReader(backup, scratch);
        DesiredStream stream = DesiredStream.of(
                captureReader
                        .find(new RepositoryName("ns/app"), clock.instant())
                        .orElseThrow(),
                captureReader);
        FakeCluster cluster = new FakeCluster();
        OperationContext operation = new OperationContext(() -> {}, new ProgressTracker());
        ImageCreator imageCreator = new ImageCreator(
                cluster,
                new ImageBuilder(new RegistryStore(new InMemoryObjectStore("target"), new RegistryLayout(""))),
                new ClusterRestoreReport(operation));

        // When
        imageCreator.create(stream);

        // Then
        assertEquals(childrenFirst, cluster.calls());
    }
}
