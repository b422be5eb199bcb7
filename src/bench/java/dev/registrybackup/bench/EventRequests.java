package dev.registrybackup.bench;

import dev.registrybackup.lab.Operation;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RecordedRequest;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The requests that one event caused.
 *
 * @param registry how many of each kind went to the registry's bucket
 * @param backup how many of each kind went to the backup's
 * @param copy how many of them moved the object: a read for each write, and the frame of an upload in parts
 */
record EventRequests(SortedMap<String, Integer> registry, SortedMap<String, Integer> backup, int copy) {

    static EventRequests of(List<RecordedRequest> requests) {
        List<RecordedRequest> counted =
                requests.stream().filter(request -> !isHousekeeping(request)).toList();
        int writes = count(counted, Operation.PUT_OBJECT) + count(counted, Operation.UPLOAD_PART);
        int frame =
                count(counted, Operation.CREATE_MULTIPART_UPLOAD) + count(counted, Operation.COMPLETE_MULTIPART_UPLOAD);
        return new EventRequests(
                kinds(counted, Product.REGISTRY_BUCKET), kinds(counted, Product.BACKUP_BUCKET), 2 * writes + frame);
    }

    /** Whether the product sends it each minute without any event: heartbeats, and listings of its own records. */
    static boolean isHousekeeping(RecordedRequest request) {
        boolean listing =
                request.operation() == Operation.LIST_OBJECTS && request.query().contains("prefix=registry-backup");
        return listing || request.key().startsWith("registry-backup/pending/");
    }

    int total() {
        return sum(registry) + sum(backup);
    }

    int beyondTheCopy() {
        return total() - copy;
    }

    static int sum(SortedMap<String, Integer> kinds) {
        return kinds.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** "2: 1 GET, 1 HEAD" */
    static String text(SortedMap<String, Integer> kinds) {
        String each = kinds.entrySet().stream()
                .map(kind -> kind.getValue() + " " + kind.getKey())
                .collect(Collectors.joining(", "));
        return each.isEmpty() ? "0" : sum(kinds) + ": " + each;
    }

    private static int count(List<RecordedRequest> requests, Operation operation) {
        return (int) requests.stream()
                .filter(request -> request.operation() == operation && request.status() < 300)
                .count();
    }

    private static SortedMap<String, Integer> kinds(List<RecordedRequest> requests, String bucket) {
        Predicate<RecordedRequest> there = request -> request.bucket().equals(bucket);
        return requests.stream()
                .filter(there)
                .collect(Collectors.toMap(EventRequests::kind, request -> 1, Integer::sum, TreeMap::new));
    }

    private static String kind(RecordedRequest request) {
        String refused = request.status() == 412 ? "refused " : "";
        String kind = switch (request.operation()) {
            case GET_OBJECT -> "GET";
            case HEAD_OBJECT -> "HEAD";
            case PUT_OBJECT -> "PUT";
            case UPLOAD_PART -> "PUT of a part";
            case CREATE_MULTIPART_UPLOAD -> "create";
            case COMPLETE_MULTIPART_UPLOAD -> "complete";
            default -> request.operation().name();
        };
        boolean own = request.key().startsWith("registry-backup/");
        return refused + (own ? kind + " of a record" : kind);
    }
}
