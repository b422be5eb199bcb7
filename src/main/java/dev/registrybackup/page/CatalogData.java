package dev.registrybackup.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.ledger.LastRecord;
import dev.registrybackup.page.Row.Level;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What pages show of a page of the catalog. */
final class CatalogData {
    private CatalogData() {}

    /** The repositories, and where it goes on. */
    static Map<String, Object> of(Optional<ObjectNode> page, Instant now) {
        List<Map<String, Object>> repositories = new ArrayList<>();
        page.ifPresent(told -> told.path("repositories").forEach(entry -> repositories.add(repository(entry, now))));
        String next = page.map(told -> told.path("next").asText()).orElse("");
        return Map.of(
                "isKnown",
                page.isPresent(),
                "repositories",
                repositories,
                "next",
                next.isEmpty() ? "" : "/page/repositories?after=" + Wording.query(next));
    }

    private static Map<String, Object> repository(JsonNode entry, Instant now) {
        String name = entry.path("repository").asText();
        long images = entry.path("images").asLong();
        long restorable = entry.path("restorable").asLong();
        String problem = entry.path("problem").asText();
        Level level = !problem.isEmpty() ? Level.UNKNOWN : restorable < images ? Level.BAD : Level.GOOD;
        return Map.of(
                "name",
                name,
                "href",
                "/page/repository?name=" + Wording.query(name),
                "problem",
                problem,
                "level",
                level.data(),
                "restorable",
                restorable == images && images > 0
                        ? "All " + Wording.number(images)
                        : Wording.number(restorable) + " of " + Wording.number(images),
                "tags",
                Wording.number(entry.path("tags").asLong()),
                "size",
                Wording.size(entry.path("size").asLong()),
                "at",
                Wording.moment(LastRecord.time(entry, "at"), now));
    }
}
