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
    public ArrayNode json() {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        links.tags().stream().sorted(Comparator.comparing(Tag::value)).forEach(tag -> list.add(tag(tag)));
        return list;
    }

    private ObjectNode tag(Tag tag) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("tag", tag.value());
        ListedLink current = links.currents().get(tag);
        Digest target = links.tagTargets().get(tag);
        if (target != null) {
            json.put("digest", target.toString());
        }
        if (current != null) {
            time(json, "time", current);
        }
        ArrayNode history = json.putArray("history");
        links.history(tag).stream()
                .sorted(Comparator.comparing(ListedLink::written).reversed().thenComparing(ListedLink::key))
                .forEach(link -> history.add(past(link)));
        return json;
    }

    private static ObjectNode past(ListedLink link) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        if (link.path() instanceof DigestLink path) {
            json.put("digest", path.digest().toString());
        }
        time(json, "time", link);
        return json;
    }

    static void time(ObjectNode json, String field, ListedLink link) {
        json.put(field, link.written().toString());
        if (link.isApproximate()) {
            json.put("approximate", true);
        }
    }
}
