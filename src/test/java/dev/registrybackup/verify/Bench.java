package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.finding.Finding;
import dev.registrybackup.finding.FindingCode;
import dev.registrybackup.ledger.TestClock;
import dev.registrybackup.operation.Meter;
import dev.registrybackup.operation.Permit;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.store.InMemoryObjectStore;
import dev.registrybackup.store.ObjectStore;
import dev.registrybackup.store.RecordingObjectStore;
import dev.registrybackup.transfer.Lanes;
import dev.registrybackup.transfer.Pace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A store with the content of a made-up registry, and a verifier that looks at it. */
final class Bench implements AutoCloseable {
    final TestClock clock = new TestClock();
    final InMemoryObjectStore bucket = new InMemoryObjectStore("registry", false, clock);
    final RecordingObjectStore store = new RecordingObjectStore(bucket);
    final Lanes lanes = new Lanes(4, 2);
    final Meter meter = new Meter();
    final List<Finding> findings = Collections.synchronizedList(new ArrayList<>());
    final RandomRegistry registry;

    Bench(RandomRegistry registry) {
        this.registry = registry;
        registry.writeTo(bucket::seed);
    }

    Summary verify(String request) {
        return verify(request, store);
    }

    Summary verify(String request, ObjectStore looked) {
        return verify(request, looked, () -> {});
    }

    Summary verify(String request, ObjectStore looked, Permit permit) {
        return new Verifier(
                        looked,
                        registry.layout(),
                        lanes,
                        Pace.unbounded(),
                        false,
                        clock,
                        Optional.empty(),
                        Optional.empty())
                .run(request(request), permit, meter, findings::add);
    }

    static VerifyRequest request(String json) {
        try {
            return VerifyRequest.parse(new ObjectMapper().readTree(json));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Changes an object's bytes, not their number. */
    void corrupt(String key) {
        byte[] content = bucket.bytes(key);
        content[content.length / 2] ^= 1;
        bucket.seed(key, content);
    }

    /** Takes an object away. */
    void remove(String key) {
        bucket.remove(key, Optional.empty());
    }

    /** All findings, each as its code and subject. */
    Set<String> found() {
        return findings.stream().map(Bench::text).collect(Collectors.toSet());
    }

    /** Those of one code. */
    Set<String> found(FindingCode code) {
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
        lanes.close();
    }
}
