package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The backup of a made-up registry on OpenShift, with what was captured of the cluster's ImageStreams. */
final class ImageStreamVerifierFixture implements AutoCloseable {
    final SettableClock clock = new SettableClock();
    final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    final WorkerPools workerPools = new WorkerPools(4, 2);
    final FakeCluster cluster = new FakeCluster();
    final List<Finding> findings = Collections.synchronizedList(new ArrayList<>());
    final RandomRegistry registry;
    private final Path scratch;

    ImageStreamVerifierFixture(RandomRegistry registry, Path scratch) {
        this.registry = registry;
        this.scratch = scratch;
    }

    /** Points a tag of an ImageStream to an image, three days ago. */
    void tag(String repository, String tag, Digest image) {
        cluster.tag(repository, tag, image, clock.instant().minus(Duration.ofDays(3)));
    }

    /** Copies what was pushed, has the cluster captured, and lets two days pass: nothing counts as a push under way. */
    void copyAndCapture() {
        registry.writeTo(bucket::seed);
        cluster.capture(bucket, workerPools, clock, scratch);
        clock.advance(Duration.ofDays(2));
    }

    VerifySummary verify(String scope) {
        return verify(scope, "existence");
    }

    VerifySummary verify(String scope, String depth) {
        return run("{\"scope\":%s,\"depth\":\"%s\"}".formatted(scope, depth));
    }

    VerifySummary run(String request) {
        findings.clear();
        Optional<CaptureReader> captures = Optional.of(new CaptureReader(backup, scratch));
        RegistryStore store = new RegistryStore(backup, registry.layout());
        Catalog catalog = new Catalog(store, workerPools, clock, captures);
        return new Verifier(store, workerPools, RateLimiter.unlimited(), true, clock, Optional.of(catalog), captures)
                .run(
                        VerifierFixture.request(request),
                        new OperationContext(() -> {}, new ProgressTracker()).withFindingsTo(findings::add));
    }

    void remove(String key) {
        bucket.delete(key, Optional.empty());
    }

    /** Changes an object's bytes, not their number. */
    void corrupt(String key) {
        byte[] content = bucket.bytes(key);
        content[content.length / 2] ^= 1;
        bucket.seed(key, content);
    }

    Set<String> findingSubjects(FindingCode code) {
        return findings.stream()
                .filter(finding -> finding.code() == code)
                .map(Finding::subject)
                .collect(Collectors.toSet());
    }

    JsonNode json(String key) {
        try {
            return new ObjectMapper().readTree(bucket.bytes(key));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    JsonNode catalogDocument(String repository) {
        return json("registry-backup/catalog/" + repository + "/_repository.json");
    }

    @Override
    public void close() {
        workerPools.close();
    }
}
