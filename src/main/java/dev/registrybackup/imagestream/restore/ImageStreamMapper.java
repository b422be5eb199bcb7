package dev.registrybackup.imagestream.restore;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ImageObject;
import dev.registrybackup.imagestream.ImageStream;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.ObjectName;
import dev.registrybackup.imagestream.OpenShiftCluster;
import dev.registrybackup.imagestream.Resource;
import dev.registrybackup.imagestream.restore.ClusterRestoreReport.Count;
import dev.registrybackup.operation.FindingCode;
import dev.registrybackup.registry.Digest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tags each image again, oldest first, by the ImageStreamMappings that the registry itself posts after a push. This needs
 * no right beyond a namespace's editor's. The server creates missing Images, and gives each item the time of the restore.
 * For one thread.
 *
 * @param overwriteTags whether tags that point elsewhere are moved
 */
record ImageStreamMapper(
        OpenShiftCluster cluster,
        ImageStreamWriter streams,
        ImageBuilder builder,
        boolean overwriteTags,
        ClusterRestoreReport report) {
    /**
     * Adds the items that are missing from the stream's tags. Nothing that the cluster has is removed.
     *
     * @return the tags that point elsewhere and were left as they are, each with its problem
     * @throws dev.registrybackup.imagestream.ClusterException if the cluster refused or did not answer
     */
    Map<String, String> restore(DesiredStream stream) {
        Map<String, String> conflicts = new LinkedHashMap<>();
        List<TagHistory> present = new ImageStream(streams.findOrCreate(stream)).tags();
        for (TagHistory tag : stream.stream().tags()) {
            List<Digest> before = present.stream()
                    .filter(other -> other.tag().equals(tag.tag()))
                    .flatMap(other -> oldestFirst(other).stream())
                    .map(Item::image)
                    .toList();
            restore(stream, tag, before)
                    .ifPresent(problem -> conflicts.put(tag.tag().value(), problem));
        }
        for (String tag : stream.stream().unusableTags()) {
            report.addIncomplete(
                    FindingCode.IS_ITEM_UNRESTORABLE,
                    stream.repository() + ":" + tag,
                    "skipped, because nothing can be pushed to a tag of that name: restore it with"
                            + " \"imageStreams\":\"status\"");
        }
        return conflicts;
    }

    /** The items as the server keeps them: it adds none if the tag points to the same image already. */
    private static List<Item> oldestFirst(TagHistory tag) {
        List<Item> kept = new ArrayList<>();
        for (int i = tag.items().size() - 1; i >= 0; i--) {
            Item item = tag.items().get(i);
            if (kept.isEmpty() || !last(kept).image().equals(item.image())) {
                kept.add(item);
            }
        }
        return kept;
    }

    private static <T> T last(List<T> list) {
        return list.get(list.size() - 1);
    }

    /** Returns why the tag was left as it is, if it was. */
    private Optional<String> restore(DesiredStream stream, TagHistory tag, List<Digest> present) {
        List<Item> wanted = oldestFirst(tag);
        if (wanted.isEmpty()) {
            // Its source comes back with the stream's spec, which would move it.
            return present.isEmpty() || overwriteTags
                    ? Optional.empty()
                    : Optional.of("points to an image, which it never did when it was captured");
        }
        List<Digest> images = wanted.stream().map(Item::image).toList();
        List<Item> missing = List.of();
        if (present.size() <= images.size() && images.subList(0, present.size()).equals(present)) {
            missing = wanted.subList(present.size(), wanted.size());
        } else if (!last(present).equals(last(images))) {
            if (!overwriteTags) {
                return Optional.of("does not point to " + last(images));
            }
            missing = List.of(last(wanted));
        }
        missing.forEach(item -> map(stream, tag, item));
        report.count(Count.TAGS_CHANGED, missing.isEmpty() ? 0 : 1);
        return Optional.empty();
    }

    private void map(DesiredStream stream, TagHistory tag, Item item) {
        String namespace = stream.stream().namespace();
        String name = stream.stream().name();
        ObjectNode mapping = JsonNodeFactory.instance.objectNode();
        mapping.put("apiVersion", "image.openshift.io/v1").put("kind", "ImageStreamMapping");
        mapping.putObject("metadata").put("namespace", namespace).put("name", name);
        mapping.put("tag", tag.tag().value());
        mapping.set("image", image(stream, item));
        report.operation().checkFence();
        cluster.create(new ObjectName(Resource.IMAGE_STREAM_MAPPING, Optional.of(namespace), name), mapping);
    }

    /** The bytes of an image that is not managed are elsewhere, so the captured Image has to do. */
    private JsonNode image(DesiredStream stream, Item item) {
        Optional<ImageObject> captured = stream.image(item.image());
        return captured.isPresent() && !captured.get().isManaged()
                ? ServerFields.strip(captured.get().json())
                : builder.build(item.image(), item.reference(), captured);
    }
}
