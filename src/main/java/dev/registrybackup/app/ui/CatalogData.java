package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Template data of a page of the catalog. */
final class CatalogData {
    private CatalogData() {}

    /** The repositories, and the address of the next page. */
    static Map<String, Object> of(Optional<ObjectNode> page, Instant now) {
        List<Map<String, Object>> repositories = new ArrayList<>();
        page.ifPresent(
                catalog -> catalog.path("repositories").forEach(entry -> repositories.add(repository(entry, now))));
        String next = page.map(catalog -> catalog.path("next").asText()).orElse("");
        Map<String, Object> data = new HashMap<>();
        data.put("isKnown", page.isPresent());
        data.put("repositories", repositories);
        data.put("next", next.isEmpty() ? "" : "/page/repositories?after=" + Formats.query(next));
        return data;
    }

    private static Map<String, Object> repository(JsonNode entry, Instant now) {
        String name = entry.path("repository").asText();
        long images = entry.path("images").asLong();
        long restorable = entry.path("restorable").asLong();
        String problem = entry.path("problem").asText();
        Level level = !problem.isEmpty() ? Level.UNKNOWN : restorable < images ? Level.BAD : Level.GOOD;
        Map<String, Object> data = new HashMap<>();
        data.put("name", name);
        data.put("href", "/page/repository?name=" + Formats.query(name));
        data.put("problem", problem);
        data.put("level", level.data());
        data.put(
                "restorable",
                restorable == images && images > 0
                        ? "All " + Formats.number(images)
                        : Formats.number(restorable) + " of " + Formats.number(images));
        data.put("tags", Formats.number(entry.path("tags").asLong()));
        data.put("size", Formats.size(entry.path("size").asLong()));
        data.put("at", Formats.moment(entry, "at", now));
        return data;
    }
}
