package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import dev.registrybackup.catalog.Catalog;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.FakeCluster;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The backup of a made-up registry on OpenShift, with what was captured of the cluster's ImageStreams. */
final class ImageStreamVerifierFixture extends VerifierFixture {
    final FakeCluster cluster = new FakeCluster();
    /** The store that is verified. */
    final RecordingObjectStore backup = store;

    private final Path scratch;

    ImageStreamVerifierFixture(RandomRegistry registry, Path scratch) {
        super("backup", true, registry);
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

    VerifySummary verifyScope(String scope) {
        return verifyScope(scope, "existence");
    }

    VerifySummary verifyScope(String scope, String depth) {
        return verify("{\"scope\":%s,\"depth\":\"%s\"}".formatted(scope, depth));
    }

    /** With what was captured, and with the catalog. */
    @Override
    VerifySummary verify(String request) {
        findings.clear();
        Optional<CaptureReader> captures = Optional.of(new CaptureReader(backup, scratch));
        RegistryStore verified = new RegistryStore(backup, registry.layout());
        Catalog catalog = new Catalog(verified, workerPools, clock, captures);
        return new Verifier(verified, workerPools, RateLimiter.unlimited(), true, clock, Optional.of(catalog), captures)
                .run(
                        request(request),
                        new OperationContext(() -> {}, new ProgressTracker()).withFindingsTo(findings::add));
    }

    JsonNode json(String key) {
        return TestJson.parse(bucket.bytes(key));
    }

    JsonNode catalogDocument(String repository) {
        return json("registry-backup/catalog/" + repository + "/_repository.json");
    }
}
