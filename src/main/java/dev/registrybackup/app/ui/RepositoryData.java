package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Template data of one repository from its document. */
final class RepositoryData {
    /** How many tags, and how many images without a tag, a page shows. */
    static final int MAX_IMAGES = 200;
    /** How many characters of a digest a table shows. */
    private static final int SHORT_DIGEST = 19;

    private final JsonNode document;
    private final String name;
    private final Instant now;
    private final Map<String, JsonNode> images = new HashMap<>();

    RepositoryData(JsonNode document, Instant now) {
        this.document = document;
        this.name = document.path("repository").asText();
        this.now = now;
        document.path("images").forEach(image -> images.put(image.path("digest").asText(), image));
    }

    /**
     * One page of the repository's tags and untagged images.
     *
     * @param after the tag after which the page starts; empty for the first
     */
    Map<String, Object> tagsAfter(String after, ShellCommands shellCommands) {
        List<Map<String, Object>> tags = new ArrayList<>();
        String next = "";
        String last = "";
        for (JsonNode tag : document.path("tags")) {
            if (tag.path("tag").asText().compareTo(after) > 0) {
                if (tags.size() == MAX_IMAGES) {
                    next = "%s&after=%s".formatted(href(), Formats.query(last));
                    break;
                }
                last = tag.path("tag").asText();
                tags.add(tag(tag));
            }
        }
        Map<String, Object> data = new LinkedHashMap<>(head());
        data.put("tags", tags);
        data.put("isFirst", after.isEmpty());
        data.put("next", next);
        putUntagged(data);
        data.put("restore", shellCommands.restoreRepository(name));
        return data;
    }

    private Map<String, Object> head() {
        JsonNode counts = document.path("counts");
        long all = counts.path("images").asLong();
        long restorable = counts.path("restorable").asLong();
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("name", name);
        data.put("href", href());
        data.put("at", Formats.moment(document, "at", now));
        data.put("stream", Formats.moment(document.path("imageStream"), "at", now));
        data.put("level", (restorable < all ? Level.BAD : Level.GOOD).data());
        data.put(
                "sentence",
                restorable < all
                        ? "%s of %s can be restored".formatted(Formats.number(restorable), Formats.count(all, "image"))
                        : all == 1
                                ? "The one image can be restored"
                                : "All %s images can be restored".formatted(Formats.number(all)));
        data.put("tagCount", Formats.count(counts.path("tags").asLong(), "tag"));
        data.put("size", Formats.size(counts.path("size").asLong()));
        return data;
    }

    private String href() {
        return "/page/repository?name=" + Formats.query(name);
    }

    private Map<String, Object> tag(JsonNode tag) {
        String digest = tag.path("digest").asText();
        Map<String, Object> data = new LinkedHashMap<>(image(digest));
        String text = tag.path("tag").asText();
        data.put("tag", text);
        data.put("href", "/page/image?name=%s&tag=%s".formatted(Formats.query(name), Formats.query(text)));
        data.put("time", Formats.moment(tag, "time", now));
        if (digest.isEmpty()) {
            data.put("state", "Its link is broken: it points to no image");
            data.put("level", Level.BAD.data());
        }
        return data;
    }

    private void putUntagged(Map<String, Object> data) {
        List<Map<String, Object>> untagged = new ArrayList<>();
        long count = 0;
        for (JsonNode image : document.path("images")) {
            if (image.path("tags").isEmpty()) {
                count++;
                if (count <= MAX_IMAGES) {
                    untagged.add(image(image.path("digest").asText()));
                }
            }
        }
        data.put("untagged", untagged);
        data.put("moreUntagged", count > MAX_IMAGES ? Formats.number(count - MAX_IMAGES) : "");
    }

    /** One image by tag; empty if there is no such tag. */
    Optional<Map<String, Object>> byTag(String tag, ShellCommands shellCommands) {
        for (JsonNode entry : document.path("tags")) {
            if (entry.path("tag").asText().equals(tag)) {
                Map<String, Object> data = new LinkedHashMap<>(tag(entry));
                List<Map<String, Object>> history = new ArrayList<>();
                entry.path("history").forEach(past -> history.add(past(past)));
                data.put("history", history);
                return Optional.of(withHead(data, name + ":" + tag, shellCommands));
            }
        }
        return Optional.empty();
    }

    private Map<String, Object> past(JsonNode past) {
        String digest = past.path("digest").asText();
        Map<String, Object> data = image(digest);
        data.put("time", Formats.moment(past, "time", now));
        return data;
    }

    /** One image by digest; empty if the repository does not have it. */
    Optional<Map<String, Object>> byDigest(String digest, ShellCommands shellCommands) {
        if (!images.containsKey(digest)) {
            return Optional.empty();
        }
        Map<String, Object> data = new LinkedHashMap<>(image(digest));
        data.put("history", List.of());
        return Optional.of(withHead(data, name + "@" + digest, shellCommands));
    }

    private Map<String, Object> withHead(Map<String, Object> data, String reference, ShellCommands shellCommands) {
        data.put("reference", reference);
        data.put("name", name);
        data.put("repositoryHref", href());
        data.put("at", Formats.moment(document, "at", now));
        data.put("restore", shellCommands.restoreImage(reference));
        return data;
    }

    /** An image's data and whether it can be restored; a missing node stands for an image that the document lacks. */
    private Map<String, Object> image(String digest) {
        JsonNode image = images.getOrDefault(digest, MissingNode.getInstance());
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("digest", digest);
        data.put("href", "/page/image?name=%s&digest=%s".formatted(Formats.query(name), Formats.query(digest)));
        data.put("short", digest.length() > SHORT_DIGEST ? digest.substring(0, SHORT_DIGEST) + "…" : digest);
        data.put("level", level(image).data());
        data.put("state", state(image));
        data.put("mediaType", image.path("mediaType").asText());
        data.put("platforms", platforms(image.path("platforms")));
        data.put("size", image.has("size") ? Formats.size(image.path("size").asLong()) : "");
        data.put("pushed", Formats.moment(image, "pushed", now));
        data.put("created", image.path("created").asText());
        data.put("tags", texts(image.path("tags")));
        data.put("missing", texts(image.path("missing")));
        data.put("sparse", texts(image.path("sparse")));
        data.put("unknown", texts(image.path("unknown")));
        data.put("children", texts(image.path("children")));
        return data;
    }

    private static Level level(JsonNode image) {
        if (!image.has("restorable")) {
            return Level.UNKNOWN;
        }
        return image.path("restorable").asBoolean() ? Level.GOOD : Level.BAD;
    }

    private static String state(JsonNode image) {
        if (image.isMissingNode()) {
            return "The backup has no such image";
        }
        if (!image.has("restorable")) {
            return "Unknown: the store did not say whether it has "
                    + Formats.count(image.path("unknown").size(), "blob");
        }
        if (!image.path("restorable").asBoolean()) {
            return "Cannot be restored: missing "
                    + Formats.count(image.path("missing").size(), "blob");
        }
        return image.path("sparse").isEmpty()
                ? "Can be restored"
                : "Can be restored as pushed: without "
                        + Formats.count(image.path("sparse").size(), "platform");
    }

    private static String platforms(JsonNode platforms) {
        List<String> names = new ArrayList<>();
        platforms.forEach(platform -> names.add(List.of("os", "architecture", "variant").stream()
                .map(part -> platform.path(part).asText())
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining("/"))));
        return names.stream().distinct().collect(Collectors.joining(", "));
    }

    private static List<String> texts(JsonNode list) {
        return list.valueStream().map(JsonNode::asText).toList();
    }
}
