package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ImageObject;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.imagestream.WritableCluster;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.operation.Fence;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Tags each image anew, oldest first, as the registry does after a push: needs no right but those of a namespace's editor.
 * The server creates Images that are missing itself, and gives each item the time at which it was added.
 */
final class ImageStreamMapper implements RestoreStrategy {
    private final WritableCluster cluster;
    private final Optional<ImageCreator> images;
    private final ImageStreamWriter streams;
    private final ImageBuilder blobs;
    private final boolean mayMove;
    private final Fence fence;
    private final ClusterRestoreReport report;

    /**
     * Maps through these.
     *
     * @param images creates Images; empty without the right to
     * @param mayMove whether tags that point elsewhere are moved
     */
    ImageStreamMapper(
            WritableCluster cluster,
            Optional<ImageCreator> images,
            ImageStreamWriter streams,
            ImageBuilder blobs,
            boolean mayMove,
            Fence fence,
            ClusterRestoreReport report) {
        this.cluster = cluster;
        this.images = images;
        this.streams = streams;
        this.blobs = blobs;
        this.mayMove = mayMove;
        this.fence = fence;
        this.report = report;
    }

    /** A child of an index is an Image of its own, which only whoever may create Images brings back. */
    @Override
    public boolean canBringBack(DesiredStream stream, Digest image) {
        return images.isPresent()
                || stream.image(image)
                        .map(ImageObject::children)
                        .orElse(List.of())
                        .isEmpty();
    }

    @Override
    public void restore(DesiredStream stream) {
        images.ifPresent(writing -> writing.write(stream));
        ImageStream there = new ImageStream(streams.findOrCreate(stream));
        for (TagHistory tag : stream.stream().tags()) {
            List<Digest> present = there.tags().stream()
                    .filter(other -> other.tag().equals(tag.tag()))
                    .flatMap(other -> oldestFirst(other).stream())
                    .map(Item::image)
                    .toList();
            restore(stream, tag, present);
        }
        for (String tag : stream.stream().unusableTags()) {
            report.reportIncomplete(
                    FindingCode.IS_ITEM_UNRESTORABLE,
                    stream.repository() + ":" + tag,
                    "left out, since nothing can be pushed to a tag of that name: restore it with \"metadata\":\"status\"");
        }
    }

    /** As the server keeps them: it adds nothing if the tag points there already. */
    private static List<Item> oldestFirst(TagHistory tag) {
        List<Item> items = new ArrayList<>(tag.items());
        Collections.reverse(items);
        List<Item> kept = new ArrayList<>();
        for (Item item : items) {
            if (kept.isEmpty() || !kept.get(kept.size() - 1).image().equals(item.image())) {
                kept.add(item);
            }
        }
        return kept;
    }

    private void restore(DesiredStream stream, TagHistory tag, List<Digest> present) {
        List<Item> wanted = oldestFirst(tag);
        if (wanted.isEmpty()) {
            // What it follows comes back with the stream's spec, which would move it.
            if (!present.isEmpty() && !mayMove) {
                conflict(stream, tag, "points to an image, which it never did where it was captured");
            }
            return;
        }
        List<Digest> images = wanted.stream().map(Item::image).toList();
        if (present.size() <= images.size() && images.subList(0, present.size()).equals(present)) {
            wanted.subList(present.size(), wanted.size()).forEach(item -> map(stream, tag, item));
            report.count(Count.TAGS_CHANGED, present.size() < images.size() ? 1 : 0);
        } else if (!isLast(present, images)) {
            differs(stream, tag, wanted.get(wanted.size() - 1));
        }
    }

    private static boolean isLast(List<Digest> present, List<Digest> images) {
        return present.get(present.size() - 1).equals(images.get(images.size() - 1));
    }

    private void differs(DesiredStream stream, TagHistory tag, Item current) {
        if (mayMove) {
            map(stream, tag, current);
            report.count(Count.TAGS_CHANGED, 1);
            return;
        }
        conflict(stream, tag, "does not point to " + current.image());
    }

    private void conflict(DesiredStream stream, TagHistory tag, String problem) {
        report.count(Count.CONFLICTS, 1);
        report.toldOf(stream.repository(), tag.tag().value());
        report.reportNote(
                FindingCode.TAG_DIFFERS,
                stream.repository() + ":" + tag.tag(),
                problem + ", and is left so: overwriteTags moves it");
    }

    private void map(DesiredStream stream, TagHistory tag, Item item) {
        ObjectNode mapping = JsonNodeFactory.instance.objectNode();
        mapping.put("apiVersion", "image.openshift.io/v1").put("kind", "ImageStreamMapping");
        mapping.putObject("metadata")
                .put("namespace", stream.stream().namespace())
                .put("name", stream.stream().name());
        mapping.put("tag", tag.tag().value());
        mapping.set("image", image(stream, item));
        fence.check();
        cluster.create(
                new ObjectName(
                        Resource.IMAGE_STREAM_MAPPING,
                        Optional.of(stream.stream().namespace()),
                        stream.stream().name()),
                mapping);
    }

    /** What lives elsewhere has no bytes here, so its record has to do. */
    private JsonNode image(DesiredStream stream, Item item) {
        Optional<ImageObject> captured = stream.image(item.image());
        return captured.isPresent() && !captured.get().isManaged()
                ? ServerFields.strip(captured.get().json())
                : blobs.image(item.image(), item.reference(), captured);
    }
}
