package dev.registrybackup.lab;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares a backup with its registry, without code of the product: every registry key except uploads exists, every blob
 * matches the digest in its key, every link has the same content and a target that exists.
 */
public final class BackupCheck {

    private static final String PREFIX = "docker/registry/v2/";
    private static final Pattern BLOB = Pattern.compile(".*/blobs/sha256/../([0-9a-f]{64})/data");
    private static final Pattern REPOSITORY = Pattern.compile("(.*/repositories/.+?)/(_layers|_manifests)/.*link");

    private final Bucket registry;
    private final Bucket backup;

    /** Compares these two buckets. */
    public BackupCheck(Bucket registry, Bucket backup) {
        this.registry = registry;
        this.backup = backup;
    }

    /** What is missing or different in the backup; empty if the backup is complete. */
    public List<String> differences() {
        SortedMap<String, Long> there = backup.sizes(PREFIX);
        List<String> differences = new ArrayList<>();
        registry.sizes(PREFIX).forEach((key, size) -> {
            if (!key.contains("/_uploads/")) {
                if (!there.containsKey(key)) {
                    differences.add("missing " + key);
                } else if (!size.equals(there.get(key)) || !registry.sha256(key).equals(backup.sha256(key))) {
                    differences.add("different " + key);
                }
            }
        });
        differences.addAll(flaws());
        return differences;
    }

    /** What is wrong in the backup by itself: corrupt blobs, dangling links, uploads. */
    public List<String> flaws() {
        SortedMap<String, Long> there = backup.sizes(PREFIX);
        List<String> flaws = new ArrayList<>();
        for (String key : there.keySet()) {
            Matcher blob = BLOB.matcher(key);
            if (blob.matches()) {
                if (!backup.sha256(key).equals(blob.group(1))) {
                    flaws.add("wrong bytes in " + key);
                }
            } else if (!key.endsWith("/link")) {
                flaws.add("should not be there: " + key);
            } else {
                for (String target : targets(key, new String(backup.bytes(key), StandardCharsets.UTF_8))) {
                    if (!there.containsKey(target)) {
                        flaws.add(key + " points to " + target + ", which is not there");
                    }
                }
            }
        }
        return flaws;
    }

    /** Links that were written into the backup before their targets, in the recorded order of requests. */
    public static List<String> linksBeforeTargets(List<RecordedRequest> requests, Bucket backup) {
        Map<String, Long> seenAt = new HashMap<>();
        Map<String, Long> writtenAt = new HashMap<>();
        for (RecordedRequest request : requests) {
            if (request.bucket().equals(backup.name()) && request.succeeded()) {
                // Several processes may write one object: it is there once the first of them was answered, or was seen.
                boolean creates = request.operation().createsObject();
                if (creates
                        || request.method().equals("HEAD")
                        || request.method().equals("GET")) {
                    seenAt.merge(request.key(), request.answered(), Math::min);
                }
                if (creates) {
                    writtenAt.merge(request.key(), request.arrived(), Math::min);
                }
            }
        }
        List<String> early = new ArrayList<>();
        writtenAt.forEach((key, arrived) -> {
            if (key.endsWith("/link") && !key.contains("/current/")) {
                for (String target : targets(key, new String(backup.bytes(key), StandardCharsets.UTF_8))) {
                    if (seenAt.getOrDefault(target, Long.MAX_VALUE) >= arrived) {
                        early.add(key + " before " + target);
                    }
                }
            }
        });
        return early;
    }

    /** Where a link points to: a blob, and for a tag also the revision link of its repository. */
    private static List<String> targets(String key, String content) {
        String hex = content.substring(content.indexOf(':') + 1);
        List<String> targets = new ArrayList<>();
        targets.add(key.substring(0, key.indexOf(PREFIX)) + PREFIX + "blobs/sha256/" + hex.substring(0, 2) + "/" + hex
                + "/data");
        Matcher repository = REPOSITORY.matcher(key);
        if (key.contains("/_manifests/tags/") && repository.matches()) {
            targets.add(repository.group(1) + "/_manifests/revisions/sha256/" + hex + "/link");
        }
        return targets;
    }
}
