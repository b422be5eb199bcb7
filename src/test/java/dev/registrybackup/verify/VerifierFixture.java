package dev.registrybackup.verify;

import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.Finding;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.RandomRegistry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A store with the content of a generated registry, and a verifier of it. */
class VerifierFixture implements AutoCloseable {
    final SettableClock clock = new SettableClock();
    final InMemoryObjectStore bucket;
    final RecordingObjectStore store;
    final WorkerPools workerPools = new WorkerPools(4, 2);
    final ProgressTracker progressTracker = new ProgressTracker();
    final List<Finding> findings = Collections.synchronizedList(new ArrayList<>());
    final RandomRegistry registry;

    VerifierFixture(RandomRegistry registry) {
        this("registry", false, registry);
        registry.writeTo(bucket::seed);
    }

    /** With an empty bucket of that name. */
    VerifierFixture(String name, boolean versioned, RandomRegistry registry) {
        this.registry = registry;
        bucket = new InMemoryObjectStore(name, versioned, clock);
        store = new RecordingObjectStore(bucket);
    }

    VerifySummary verify(String request) {
        return verify(request, store);
    }

    VerifySummary verify(String request, ObjectStore looked) {
        return verify(request, looked, () -> {});
    }

    VerifySummary verify(String request, ObjectStore looked, Fence fence) {
        return new Verifier(
                        new RegistryStore(looked, registry.layout()),
                        workerPools,
                        RateLimiter.unlimited(),
                        false,
                        clock,
                        Optional.empty(),
                        Optional.empty())
                .run(request(request), new OperationContext(fence, progressTracker).withFindingsTo(findings::add));
    }

    static VerifyRequest request(String json) {
        return VerifyRequest.parse(TestJson.parse(json));
    }

    /** Changes an object's bytes, not their number. */
    void corrupt(String key) {
        byte[] content = bucket.bytes(key);
        content[content.length / 2] ^= 1;
        bucket.seed(key, content);
    }

    /** Deletes an object. */
    void remove(String key) {
        bucket.delete(key, Optional.empty());
    }

    /** All findings, each as its code and subject. */
    Set<String> findings() {
        return findings.stream().map(VerifierFixture::text).collect(Collectors.toSet());
    }

    /** Those of one code. */
    Set<String> findings(FindingCode code) {
        return findings.stream()
                .filter(finding -> finding.code() == code)
                .map(Finding::subject)
                .collect(Collectors.toSet());
    }

    private static String text(Finding finding) {
        return finding.code() + " " + finding.subject();
    }

    @Override
    public void close() {
        workerPools.close();
    }
}
