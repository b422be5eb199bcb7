package dev.registrybackup.imagestream.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.Cluster;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.imagestream.WritableCluster;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageCreatorTest {
    /** Takes note of what is created. */
    private static final class EmptyCluster implements WritableCluster {
        private final List<String> created = new ArrayList<>();
        private final Cluster empty = new FakeCluster();

        @Override
        public ObjectNode create(ObjectName name, ObjectNode object) {
            created.add(name.name());
            return object;
        }

        @Override
        public ObjectNode replace(ObjectName name, ObjectNode object) {
            throw new UnsupportedOperationException(name.toString());
        }

        @Override
        public ObjectNode replaceStatus(ObjectName name, ObjectNode object) {
            throw new UnsupportedOperationException(name.toString());
        }

        @Override
        public boolean hasImages() {
            return empty.hasImages();
        }

        @Override
        public Page list(Resource resource, Optional<String> namespace, int limit, Optional<String> after) {
            return empty.list(resource, namespace, limit, after);
        }

        @Override
        public Optional<ObjectNode> find(ObjectName name) {
            return empty.find(name);
        }

        @Override
        public Optional<ObjectNode> find(ObjectName name, String part) {
            return empty.find(name, part);
        }

        @Override
        public boolean canI(String verb, Resource resource, Optional<String> part, Optional<String> namespace) {
            return empty.canI(verb, resource, part, namespace);
        }
    }

    private static Digest digest(int of) {
        return Digest.of(DigestAlgorithm.SHA256, String.valueOf(of).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void childrenAreCreatedBeforeTheirIndexesHoweverDeepThoseGo(@TempDir Path scratch) {
        // Given
        int depth = 10_000;
        SettableClock clock = new SettableClock();
        FakeCluster lost = new FakeCluster();
        List<String> childrenFirst = new ArrayList<>();
        for (int level = 0; level < depth; level++) {
            lost.push(digest(level), level == 0 ? new Digest[0] : new Digest[] {digest(level - 1)});
            childrenFirst.add(digest(level).toString());
        }
        lost.tag("ns/app", "v1", digest(depth - 1), clock.instant());
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
        EmptyCluster cluster = new EmptyCluster();
        OperationContext operation = new OperationContext(() -> {}, new ProgressTracker());
        ImageCreator imageCreator = new ImageCreator(
                cluster,
                new ImageBuilder(new RegistryStore(new InMemoryObjectStore("target"), new RegistryLayout(""))),
                operation,
                new ClusterRestoreReport(operation));

        // When
        imageCreator.create(stream);

        // Then
        assertEquals(childrenFirst, cluster.created);
    }
}
