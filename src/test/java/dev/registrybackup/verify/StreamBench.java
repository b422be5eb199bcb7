package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.content.Digest;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.ledger.TestClock;
import dev.registrybackup.openshift.Captures;
import dev.registrybackup.openshift.FakeCluster;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.RecordingObjectStore;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
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
final class StreamBench implements AutoCloseable {
    final TestClock clock = new TestClock();
    final InMemoryObjectStore bucket = new InMemoryObjectStore("backup", true, clock);
    final RecordingObjectStore backup = new RecordingObjectStore(bucket);
    final Lanes lanes = new Lanes(4, 2);
    final FakeCluster cluster = new FakeCluster();
    final List<Finding> findings = Collections.synchronizedList(new ArrayList<>());
    final RandomRegistry registry;
    private final Path scratch;

    StreamBench(RandomRegistry registry, Path scratch) {
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
        cluster.capture(bucket, lanes, clock, scratch);
        clock.pass(Duration.ofDays(2));
    }

    Summary verify(String scope) {
        return verify(scope, "existence");
    }

    Summary verify(String scope, String depth) {
        return run("{\"scope\":%s,\"depth\":\"%s\"}".formatted(scope, depth));
    }

    Summary run(String request) {
        findings.clear();
        Optional<Captures> captures = Optional.of(new Captures(backup, scratch));
        Catalog catalog = new Catalog(backup, registry.layout(), lanes, clock, captures);
        return new Verifier(
                        backup, registry.layout(), lanes, Pace.unbounded(), true, clock, Optional.of(catalog), captures)
                .run(Bench.request(request), () -> {}, new Meter(), findings::add);
    }

    void remove(String key) {
        bucket.remove(key, Optional.empty());
    }

    /** Changes an object's bytes, not their number. */
    void corrupt(String key) {
        byte[] content = bucket.bytes(key);
        content[content.length / 2] ^= 1;
        bucket.seed(key, content);
    }

    Set<String> found(FindingCode code) {
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

    JsonNode document(String repository) {
        return json("registry-backup/catalog/" + repository + "/_repository.json");
    }

    @Override
    public void close() {
        lanes.close();
    }
}
