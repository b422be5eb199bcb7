package dev.registrybackup.catalog;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.inventory.ListedLink;
import dev.registrybackup.inventory.RepositoryLinks;
import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.RegistryPath.DigestLink;
import dev.registrybackup.registry.Tag;
import java.util.Comparator;
import java.util.Map;

/** Tags as a plain registry keeps them: links in its bucket. */
record LinkTagSource(RepositoryLinks links) implements TagSource {
    @Override
    public Map<Tag, Digest> targets() {
        return links.tagTargets();
    }

    @Override
    public ArrayNode toJson() {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        links.tags().stream().sorted(Comparator.comparing(Tag::value)).forEach(tag -> list.add(tagJson(tag)));
        return list;
    }

    private ObjectNode tagJson(Tag tag) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("tag", tag.value());
        ListedLink current = links.tagLinks().get(tag);
        Digest target = links.tagTargets().get(tag);
        if (target != null) {
            json.put("digest", target.toString());
        }
        if (current != null) {
            putTime(json, "time", current);
        }
        ArrayNode history = json.putArray("history");
        links.history(tag).stream()
                .sorted(Comparator.comparing(ListedLink::writtenAt).reversed().thenComparing(ListedLink::key))
                .forEach(link -> history.add(historyEntry(link)));
        return json;
    }

    private static ObjectNode historyEntry(ListedLink link) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        if (link.path() instanceof DigestLink path) {
            json.put("digest", path.digest().toString());
        }
        putTime(json, "time", link);
        return json;
    }

    static void putTime(ObjectNode json, String field, ListedLink link) {
        json.put(field, link.writtenAt().toString());
        if (link.isApproximate()) {
            json.put("approximate", true);
        }
    }
}
