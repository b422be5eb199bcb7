package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.imagestream.ImageStream.Item;
import dev.registrybackup.imagestream.ImageStream.TagHistory;
import dev.registrybackup.imagestream.TaggedImages;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.Tag;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/** Tags as OpenShift keeps them: in the ImageStream's status. */
record ImageStreamTagSource(TaggedImages imageStream, InspectedImages images) implements TagSource {
    @Override
    public Map<Tag, Digest> targets() {
        Map<Tag, Digest> targets = new HashMap<>();
        for (TagHistory history : imageStream.tags()) {
            history.current().ifPresent(item -> targets.put(history.tag(), item.image()));
        }
        return targets;
    }

    @Override
    public ArrayNode toJson() {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        imageStream.tags().stream()
                .sorted(Comparator.comparing(history -> history.tag().value()))
                .forEach(history -> list.add(tagJson(history)));
        return list;
    }

    private ObjectNode tagJson(TagHistory tag) {
        ObjectNode json =
                JsonNodeFactory.instance.objectNode().put("tag", tag.tag().value());
        tag.current().ifPresent(item -> describe(item, json));
        ArrayNode history = json.putArray("history");
        tag.items().forEach(item -> describe(item, history.addObject()));
        return json;
    }

    private void describe(Item item, ObjectNode json) {
        json.put("digest", item.image().toString()).put("time", item.created().toString());
        images.isRestorable(item.image()).ifPresent(restorable -> json.put("restorable", restorable));
    }
}
