package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.imagestream.CaptureReader;
import dev.registrybackup.imagestream.ImageStreamCapture;
import dev.registrybackup.imagestream.OpenShiftCluster;
import dev.registrybackup.imagestream.SnapshotTaker;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.lab.openshift.OpenShiftApi;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RecordingObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.OperationContext;
import dev.registrybackup.operation.ProgressTracker;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RandomRegistry;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.Restore.RestoreResult;
import dev.registrybackup.restore.RestoreRequest;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A cluster that is lost, the backup of its registry, and another cluster with an empty bucket. */
final class RecoveryFixture implements AutoCloseable {
    private static final String MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
    private static final String INDEX_TYPE = "application/vnd.oci.image.index.v1+json";

    private final RegistryLayout layout = new RegistryLayout("");
    private final SettableClock clock = new SettableClock();
    private final RandomRegistry registry;
    private final Path scratch;
    private final OpenShiftApi lost = OpenShiftApi.start(clock);
    private final OpenShiftApi fresh = OpenShiftApi.start(clock);
    private OpenShiftApi.Account restorer = fresh.account("restorer").everything();
    private final InMemoryObjectStore backup = new InMemoryObjectStore("backup", true, clock);
    private final InMemoryObjectStore target = new InMemoryObjectStore("restored");
    private final RecordingObjectStore recordedTarget = new RecordingObjectStore(target);
    private final RecordingObjectStore recordedBackup = new RecordingObjectStore(backup);
    private final WorkerPools workerPools = new WorkerPools(4, 2);
    private final List<KubernetesClient> clients = new ArrayList<>();
    private ProgressTracker progressTracker = new ProgressTracker();

    RecoveryFixture(Path scratch, long seed) {
        this.scratch = scratch;
        this.registry = new RandomRegistry(seed);
    }

    private static String random() {
        return UUID.randomUUID().toString().substring(0, 8);
    }

    /** The cluster whose images were backed up. */
    OpenShiftApi lost() {
        return lost;
    }

    /** The cluster that is restored into. */
    OpenShiftApi fresh() {
        return fresh;
    }

    /** The account that restores. Has every right unless a test revokes it. */
    OpenShiftApi.Account restorer() {
        return restorer;
    }

    /** Restores with another account, which has no rights yet. */
    OpenShiftApi.Account restoreAs(String name) {
        restorer = fresh.account(name);
        return restorer;
    }

    SettableClock clock() {
        return clock;
    }

    InMemoryObjectStore backup() {
        return backup;
    }

    InMemoryObjectStore target() {
        return target;
    }

    /** The requests to the target. */
    RecordingObjectStore recordedTarget() {
        return recordedTarget;
    }

    /** The backup, with the requests of restores recorded. */
    RecordingObjectStore recordedBackup() {
        return recordedBackup;
    }

    RandomRegistry registry() {
        return registry;
    }

    ProgressTracker.Progress progress() {
        return progressTracker.progress();
    }

    /** The cluster that is lost, for captures. */
    OpenShiftCluster lostCluster() {
        return cluster(lost, lost.account("capture").everything());
    }

    /** The cluster that is restored into, as the one who restores sees it. */
    OpenShiftCluster freshCluster() {
        return cluster(fresh, restorer);
    }

    private OpenShiftCluster cluster(OpenShiftApi api, OpenShiftApi.Account account) {
        KubernetesClient client = new KubernetesClientBuilder()
                .withConfig(new ConfigBuilder()
                        .withAutoConfigure(false)
                        .withMasterUrl(api.url())
                        .withOauthToken(account.token())
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .build();
        clients.add(client);
        return new OpenShiftCluster(client);
    }

    /** Pushes an image of one layer with that tag, a minute later. */
    Digest push(String repository, String tag) {
        clock.advance(Duration.ofMinutes(1));
        Digest image = registry.image(repository, registry.layer(repository, 300));
        tag(repository, tag, image, MEDIA_TYPE);
        return image;
    }

    /** Pushes an index of two images with that tag, a minute later. */
    Digest pushIndex(String repository, String tag) {
        clock.advance(Duration.ofMinutes(1));
        Digest first = registry.image(repository, registry.layer(repository, 300));
        Digest second = registry.image(repository, registry.layer(repository, 300));
        for (Digest child : List.of(first, second)) {
            lost.pushByDigest(
                    namespace(repository), name(repository), child.toString(), bytes(child), MEDIA_TYPE, config(child));
        }
        Digest index = registry.index(repository, first, second);
        tag(repository, tag, index, INDEX_TYPE);
        return index;
    }

    private void tag(String repository, String tag, Digest image, String mediaType) {
        lost.push(
                namespace(repository),
                name(repository),
                tag,
                image.toString(),
                bytes(image),
                mediaType,
                mediaType.equals(INDEX_TYPE) ? null : config(image));
    }

    byte[] bytes(Digest blob) {
        return registry.content(registry.blobKey(blob));
    }

    private byte[] config(Digest image) {
        return bytes(Digest.parse(
                TestJson.parse(bytes(image)).path("config").path("digest").asText()));
    }

    static String namespace(String repository) {
        return repository.split("/", 2)[0];
    }

    static String name(String repository) {
        return repository.split("/", 2)[1];
    }

    /** Replicates blobs and links into the backup, and takes a snapshot. */
    RecoveryFixture backedUp() {
        copied();
        new SnapshotTaker(lostCluster(), backup, workerPools, clock, RecoveryFixture::random).take(scratch);
        return this;
    }

    /** Replicates blobs and links into the backup. */
    void copied() {
        registry.backedUpObjects().forEach(backup::seed);
    }

    /** Captures one stream, as an event has it. */
    ImageStreamCapture.Result capture(String repository) {
        return new ImageStreamCapture(lostCluster(), backup, clock, RecoveryFixture::random)
                .capture(new RepositoryName(repository));
    }

    /** Prepares the cluster that is restored into so that its preflight passes, except for the namespaces. */
    RecoveryFixture ready() {
        applyRemedy("oc patch imagepruner.imageregistry.operator.openshift.io/cluster --type=merge -p"
                + " '{\"spec\":{\"suspend\":true}}'");
        applyRemedy(
                "oc patch configs.imageregistry.operator.openshift.io/cluster --type=merge -p"
                        + " '{\"spec\":{\"readOnly\":true,\"storage\":{\"managementState\":\"Unmanaged\",\"s3\":{\"bucket\":\"restored\"}}}}'");
        return this;
    }

    /** Does what an {@code oc patch} of a remedy does. */
    void applyRemedy(String command) {
        fresh.ocPatch(command);
    }

    ImageStreamRestore imageStreamRestore() {
        Restore storage = new Restore(
                new RegistryStore(recordedBackup, layout),
                new RegistryStore(recordedTarget, layout),
                workerPools,
                RateLimiter.unlimited(),
                clock);
        return new ImageStreamRestore(storage, freshCluster(), new CaptureReader(recordedBackup, scratch));
    }

    RestoreResult restore(String request) {
        return restore(request, () -> {});
    }

    RestoreResult restore(String request, Fence fence) {
        progressTracker = new ProgressTracker();
        return imageStreamRestore().run(request(request), new OperationContext(fence, progressTracker));
    }

    ObjectNode preflight(String request) {
        return imageStreamRestore().preflight(request(request));
    }

    /** A request in JSON with apostrophes for quotation marks. */
    RestoreRequest request(String json) {
        return RestoreRequest.parse(TestJson.parse(json), clock.instant());
    }

    /**
     * A stream's status.tags, without the generations: those count how often a stream's spec was changed, and where a tag
     * follows another one, the server counts anew (openshift-apiserver, {@code AddTagEventToImageStream}).
     */
    static JsonNode tags(OpenShiftApi api, String repository) {
        JsonNode status = api.stream(namespace(repository), name(repository)).path("status");
        JsonNode tags = TestJson.parse(status.path("tags").toString().getBytes(StandardCharsets.UTF_8));
        tags.findParents("generation").forEach(item -> ((ObjectNode) item).remove("generation"));
        return tags;
    }

    /** The images of a tag, newest first. */
    static List<String> images(OpenShiftApi api, String repository, String tag) {
        List<String> images = new ArrayList<>();
        for (JsonNode each : tags(api, repository)) {
            if (each.path("tag").asText().equals(tag)) {
                each.path("items").forEach(item -> images.add(item.path("image").asText()));
            }
        }
        return images;
    }

    /** The requests that change something in the cluster that is restored into. */
    List<String> writes() {
        return fresh.requests().stream()
                .filter(request -> !request.startsWith("GET") && !request.contains("selfsubjectaccessreviews"))
                .filter(request -> !request.startsWith("PATCH"))
                .toList();
    }

    @Override
    public void close() {
        clients.forEach(KubernetesClient::close);
        workerPools.close();
        lost.close();
        fresh.close();
    }
}
