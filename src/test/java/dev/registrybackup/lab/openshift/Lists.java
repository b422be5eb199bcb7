package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;

/**
 * Lists, in pages: KUBE staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go, GetList, and storage/continue.go. Later
 * pages show what was there at the first one. Selectors and watches are not simulated.
 */
final class Lists {
    private final Store store;
    private final Map<Long, Map<Resource, NavigableMap<String, ObjectNode>>> pasts = new HashMap<>();
    private boolean nextExpires;

    Lists(Store store) {
        this.store = store;
    }

    /** Lets the next continue token be answered as after etcd's compaction. */
    void expireNext() {
        nextExpires = true;
    }

    ObjectNode page(Resource resource, String namespace, Request request) {
        String token = request.parameter("continue");
        long version = store.version();
        String start = "";
        NavigableMap<String, ObjectNode> objects;
        if (token.isEmpty()) {
            objects = store.snapshot(resource);
        } else {
            String[] place = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8).split(" ", 2);
            version = Long.parseLong(place[0]);
            start = place[1];
            NavigableMap<String, ObjectNode> past =
                    pasts.getOrDefault(version, Map.of()).get(resource);
            if (past == null || nextExpires) {
                nextExpires = false;
                throw Refusal.expired();
            }
            objects = past;
        }
        String prefix = namespace.isEmpty() ? "" : namespace + "/";
        objects = objects.tailMap(start.compareTo(prefix) < 0 ? prefix : start, true);
        if (!namespace.isEmpty()) {
            objects = objects.headMap(namespace + "0", false); // "0" is what follows "/".
        }
        return list(resource, objects, limit(request), version);
    }

    private static int limit(Request request) {
        String limit = request.parameter("limit");
        return limit.isEmpty() || limit.equals("0") ? Integer.MAX_VALUE : Integer.parseInt(limit);
    }

    private ObjectNode list(Resource resource, NavigableMap<String, ObjectNode> objects, int limit, long version) {
        ObjectNode list = JsonNodeFactory.instance.objectNode();
        list.put("kind", resource.kind + "List").put("apiVersion", resource.apiVersion());
        ObjectNode metadata = list.putObject("metadata").put("resourceVersion", Long.toString(version));
        ArrayNode items = list.putArray("items");
        Iterator<Map.Entry<String, ObjectNode>> entries = objects.entrySet().iterator();
        while (entries.hasNext() && items.size() < limit) {
            items.add(item(resource, entries.next().getValue()));
        }
        if (entries.hasNext()) {
            metadata.put("continue", token(version, entries.next().getKey()));
            pasts.computeIfAbsent(version, absent -> new HashMap<>())
                    .computeIfAbsent(resource, absent -> store.snapshot(resource));
        }
        return list;
    }

    /** Objects of compiled-in kinds have neither kind nor version within a list; custom resources do. */
    private static ObjectNode item(Resource resource, ObjectNode stored) {
        ObjectNode item = stored.deepCopy();
        if (resource == Resource.IMAGE_STREAMS) {
            ImageStreams.decorate(item);
        }
        if (!resource.custom()) {
            item.remove("kind");
            item.remove("apiVersion");
        }
        return item;
    }

    private static String token(long version, String start) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((version + " " + start).getBytes(StandardCharsets.UTF_8));
    }
}
