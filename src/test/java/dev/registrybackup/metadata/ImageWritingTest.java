package dev.registrybackup.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.content.Digest;
import dev.registrybackup.content.DigestAlgorithm;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.openshift.Cluster;
import dev.registrybackup.openshift.FakeCluster;
import dev.registrybackup.openshift.ObjectName;
import dev.registrybackup.openshift.Resource;
import dev.registrybackup.openshift.WritableCluster;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.SetClock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageWritingTest {
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
        public Page list(Resource resource, int limit, Optional<String> after) {
            return empty.list(resource, limit, after);
        }

        @Override
        public Page list(Resource resource, String namespace, int limit, Optional<String> after) {
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
        public boolean mayI(String verb, Resource resource, Optional<String> part, Optional<String> namespace) {
            return empty.mayI(verb, resource, part, namespace);
        }
    }

    private static Digest digest(int of) {
        return Digest.of(DigestAlgorithm.SHA256, String.valueOf(of).getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void childrenAreCreatedBeforeTheirIndexesHoweverDeepThoseGo(@TempDir Path scratch) {
        // Given
        int depth = 10_000;
        SetClock clock = new SetClock();
        FakeCluster lost = new FakeCluster();
        List<String> childrenFirst = new ArrayList<>();
        for (int level = 0; level < depth; level++) {
            lost.push(digest(level), level == 0 ? new Digest[0] : new Digest[] {digest(level - 1)});
            childrenFirst.add(digest(level).toString());
        }
        lost.tag("ns/app", "v1", digest(depth - 1), clock.instant());
        InMemoryObjectStore backup = new InMemoryObjectStore("backup");
        try (Lanes lanes = new Lanes(4, 2)) {
            lost.capture(backup, lanes, clock, scratch);
        }
        Captures captures = new Captures(backup, scratch);
        WantedStream stream = WantedStream.of(
                captures.find(new RepositoryName("ns/app"), clock.instant()).orElseThrow(), captures);
        EmptyCluster cluster = new EmptyCluster();
        ImageWriting writing = new ImageWriting(
                cluster,
                new BlobImages(new InMemoryObjectStore("target"), new RegistryLayout("")),
                Recovering.PERMITTED,
                new Progress(new Meter()));

        // When
        writing.write(stream);

        // Then
        assertEquals(childrenFirst, cluster.created);
    }
}
