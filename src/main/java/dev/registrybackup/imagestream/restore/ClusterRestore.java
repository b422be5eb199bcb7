package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ClusterError;
import dev.registrybackup.imagestream.ClusterException;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.OpenShiftCluster;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.inventory.ImageCompleteness;
import dev.registrybackup.inventory.ImageCompletenessChecker;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.registry.Tag;
import dev.registrybackup.restore.ImageStreamMode;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Restores Images and ImageStreams in the cluster, once the blobs and links they need are restored: first all Images,
 * streams and their tags' items, then what tags follow, then it checks the cluster. Keeps what each tag points to and follows
 * in memory, some 300 bytes a tag, so that each stream is read once. For one call.
 */
final class ClusterRestore {
    private final OpenShiftCluster cluster;
    private final RestoreRequest request;
    private final ClusterRestoreReport report;
    private final DesiredStreams wanted;
    private final ImageCompletenessChecker target;
    private final ImageStreamWriter streams;
    private final ImageStreamMapper mapper;
    /** Empty without the right to create Images. */
    private final Optional<ImageCreator> images;

    private final Set<String> namespaces = new HashSet<>();
    private final List<RestoredStream> restored = new ArrayList<>();

    /**
     * What is left to do for a stream whose items are restored, so that it need not be read again.
     *
     * @param tags the image that each tag points to
     */
    private record RestoredStream(RepositoryName repository, List<JsonNode> specTags, Map<Tag, Digest> tags) {}

    ClusterRestore(
            Restore storage,
            OpenShiftCluster cluster,
            RestoreRequest request,
            ClusterRestoreReport report,
            DesiredStreams wanted) {
        this.cluster = cluster;
        this.request = request;
        this.report = report;
        this.wanted = wanted;
        this.target = new ImageCompletenessChecker(storage.target(), storage.workerPools());
        this.streams = new ImageStreamWriter(cluster, report);
        ImageBuilder builder = new ImageBuilder(storage.target());
        this.mapper = new ImageStreamMapper(cluster, streams, builder, request.overwriteTags(), report);
        this.images = isByStatus() || RestorePreflight.mayCreateImages(cluster)
                ? Optional.of(new ImageCreator(cluster, builder, report))
                : Optional.empty();
    }

    private boolean isByStatus() {
        return request.imageStreamMode() == ImageStreamMode.STATUS;
    }

    void run() {
        if (!isByStatus()) {
            report.addNote(
                    FindingCode.TIME_APPROXIMATE,
                    request.scope().toJson().toString(),
                    "restored by mapping: the items of tags get the time of the restore");
        }
        report.operation().phase("Images and ImageStreams");
        wanted.forEach(this::restore);
        // The server follows a tag of the spec at once. By now its source is there and points to the captured image, so
        // that there is nothing to change.
        forEachRestored("tags that follow others", this::addSpecTags);
        forEachRestored("checking the cluster", this::check);
    }

    private void forEachRestored(String phase, Consumer<RestoredStream> step) {
        report.operation().phase(phase);
        for (RestoredStream stream : restored) {
            if (wanted.isRestorable(stream.repository())) {
                wanted.attempt(stream.repository(), () -> {
                    report.operation().checkFence();
                    step.accept(stream);
                });
            }
        }
    }

    private void restore(DesiredStream stream) {
        report.operation().checkFence();
        report.count(Count.IMAGE_STREAMS, 1);
        if (request.createNamespaces() && namespaces.add(stream.stream().namespace())) {
            createNamespace(stream.stream().namespace());
        }
        Set<String> reported = new HashSet<>();
        DesiredStream restorable = restorable(stream, reported);
        images.ifPresent(creator -> creator.create(restorable));
        // Writing the status is the only way to keep the order and times of a tag's history.
        Map<String, String> conflicts =
                isByStatus() ? streams.mergeStatus(restorable, request.overwriteTags()) : mapper.restore(restorable);
        conflicts.forEach((tag, problem) -> {
            report.count(Count.CONFLICTS, 1);
            report.addNote(
                    FindingCode.TAG_DIFFERS,
                    stream.repository() + ":" + tag,
                    problem + ", and was left as it is: overwriteTags moves it");
        });
        reported.addAll(conflicts.keySet());
        restored.add(withoutReported(stream, reported));
    }

    private void createNamespace(String namespace) {
        ObjectName name = ObjectName.of(Resource.NAMESPACE, namespace);
        if (cluster.find(name).isPresent()) {
            return;
        }
        ObjectNode fresh = JsonNodeFactory.instance.objectNode();
        fresh.put("apiVersion", "v1")
                .put("kind", "Namespace")
                .putObject("metadata")
                .put("name", namespace);
        report.operation().checkFence();
        try {
            cluster.create(name, fresh);
        } catch (ClusterException e) {
            if (e.error() != ClusterError.EXISTS) {
                throw e;
            }
        }
    }

    /**
     * The stream with the items that can be pulled once they are restored. If a tag's newest image is not among them, the
     * whole tag is left out: else it would silently point to an older image.
     *
     * @param reported receives the tags that are left out
     */
    private DesiredStream restorable(DesiredStream stream, Set<String> reported) {
        Set<Digest> managed = stream.managed();
        ImageCompleteness completeness =
                target.read(managed, UnaryOperator.identity()).completeness(stream::isPushed);
        Map<String, String> problems = new HashMap<>();
        for (Digest image : stream.images()) {
            if (managed.contains(image) && !completeness.of(image).isComplete()) {
                problems.put(
                        image.toString(),
                        "missing from the target: " + completeness.of(image).missing());
            } else if (images.isEmpty() && !stream.children(image).isEmpty()) {
                problems.put(image.toString(), "mapping restores no index without the right to create Images");
            }
        }
        if (problems.isEmpty()) {
            return stream;
        }
        for (JsonNode tag : stream.stream().json().path("status").path("tags")) {
            String name = tag.path("tag").asText();
            boolean isLeftOut = problems.containsKey(image(tag.path("items").path(0)));
            if (isLeftOut) {
                reported.add(name);
            }
            for (JsonNode item : tag.path("items")) {
                String problem = problems.get(image(item));
                if (problem != null) {
                    report.count(Count.ITEMS_SKIPPED, 1);
                    report.addIncomplete(
                            FindingCode.IS_ITEM_UNRESTORABLE,
                            "%s:%s@%s".formatted(stream.repository(), name, image(item)),
                            (isLeftOut ? "skipped with its tag: " : "skipped: ") + problem);
                }
            }
        }
        return stream.only((tag, item) -> !reported.contains(tag) && !problems.containsKey(image(item)));
    }

    /** The digest of the item's image; empty if the cluster keeps only a reference. */
    private static String image(JsonNode item) {
        return item.path("image").asText();
    }

    private static RestoredStream withoutReported(DesiredStream stream, Set<String> reported) {
        List<JsonNode> specTags = new ArrayList<>();
        for (JsonNode tag : stream.stream().json().path("spec").path("tags")) {
            if (!reported.contains(tag.path("name").asText())) {
                specTags.add(((ObjectNode) tag.deepCopy()).without("generation"));
            }
        }
        Map<Tag, Digest> tags = new LinkedHashMap<>();
        for (TagHistory tag : stream.stream().tags()) {
            if (!reported.contains(tag.tag().value())) {
                tag.current().ifPresent(item -> tags.put(tag.tag(), item.image()));
            }
        }
        return new RestoredStream(stream.repository(), specTags, tags);
    }

    private void addSpecTags(RestoredStream stream) {
        if (stream.specTags().isEmpty() || isAccepted(stream, stream.specTags())) {
            return;
        }
        // One tag that is refused must not keep out the others.
        for (JsonNode tag : stream.specTags()) {
            if (!isAccepted(stream, List.of(tag))) {
                report.addIncomplete(
                        FindingCode.TAG_SOURCE_MISSING,
                        stream.repository() + ":" + tag.path("name").asText(),
                        "it followed %s, and the cluster refuses that: restore that first, then this again"
                                .formatted(tag.path("from")));
            }
        }
    }

    private boolean isAccepted(RestoredStream stream, List<JsonNode> specTags) {
        try {
            streams.addToSpec(stream.repository(), specTags);
            return true;
        } catch (ClusterException e) {
            if (e.error() == ClusterError.INVALID || e.error() == ClusterError.FORBIDDEN) {
                return false;
            }
            throw e;
        }
    }

    /** Reports each tag that does not point to its image, or whose image cannot be pulled. */
    private void check(RestoredStream stream) {
        if (stream.tags().isEmpty()) {
            return;
        }
        ObjectName name = ObjectName.stream(stream.repository());
        Map<Tag, Digest> found = new HashMap<>();
        for (TagHistory tag :
                cluster.find(name).map(ImageStream::new).map(ImageStream::tags).orElse(List.of())) {
            tag.current().map(Item::image).ifPresent(image -> found.put(tag.tag(), image));
        }
        JsonNode layers =
                cluster.find(name, "layers").map(each -> each.path("images")).orElseGet(MissingNode::getInstance);
        stream.tags().forEach((tag, image) -> {
            String subject = stream.repository() + ":" + tag;
            if (!image.equals(found.get(tag))) {
                report.addIncomplete(
                        FindingCode.TAG_DIFFERS,
                        subject,
                        "was restored to %s but points to %s: it was moved since, or is imported from elsewhere"
                                .formatted(image, found.containsKey(tag) ? found.get(tag) : "nothing"));
            } else if (layers.path(image.toString()).path("imageMissing").asBoolean()) {
                report.addIncomplete(
                        FindingCode.IMAGE_OBJECT_MISSING,
                        subject + "@" + image,
                        "the cluster has no Image of it, so it cannot be pulled: restore it again");
            } else {
                report.count(Count.TAGS_VERIFIED, 1);
            }
        });
    }
}
