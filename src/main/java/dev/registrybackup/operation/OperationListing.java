package dev.registrybackup.operation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a listing tells of an operation.
 *
 * @param id its name
 * @param newestAttempt the number of its newest attempt, 0 if there is none
 * @param isCancelled whether somebody wanted its end
 */
record OperationListing(OperationId id, int newestAttempt, boolean isCancelled) {
    private static final Pattern KEY_PATTERN = Pattern.compile("(?:%s|%s)([^/]+)/([^/]+)"
            .formatted(Pattern.quote(OperationStore.PREFIX), Pattern.quote(ReportWriter.PREFIX)));
    private static final Pattern ATTEMPT_PATTERN = Pattern.compile(OperationStore.ATTEMPT_PREFIX + "([0-9]{1,9})");

    /** Which operation an object belongs to, as its record or its report; empty if to none. */
    static Optional<OperationId> operationId(String key) {
        Matcher object = KEY_PATTERN.matcher(key);
        return object.matches() && OperationId.isValid(object.group(1))
                ? Optional.of(new OperationId(object.group(1)))
                : Optional.empty();
    }

    /**
     * Collects the last operations of a listing in key order, holding no more than are wanted. Of each operation the
     * request is the last key, so that everything about it is known by then.
     */
    static final class NewestOperations {
        private final int limit;
        private final Deque<OperationListing> newest = new ArrayDeque<>();
        private @Nullable OperationListing current;

        NewestOperations(int most) {
            this.limit = most;
        }

        void add(String key) {
            operationId(key).ifPresent(id -> add(id, key.substring(key.lastIndexOf('/') + 1)));
        }

        private void add(OperationId id, String name) {
            OperationListing before = current;
            OperationListing known =
                    before != null && before.id().equals(id) ? before : new OperationListing(id, 0, false);
            current = known.withObject(name);
            if (name.equals(OperationStore.REQUEST)) {
                newest.addLast(known);
                if (newest.size() > limit) {
                    newest.removeFirst();
                }
            }
        }

        List<OperationListing> newestFirst() {
            List<OperationListing> newestFirst = new ArrayList<>(newest);
            Collections.reverse(newestFirst);
            return newestFirst;
        }
    }

    private OperationListing withObject(String name) {
        Matcher attempt = ATTEMPT_PATTERN.matcher(name);
        if (attempt.matches()) {
            return new OperationListing(id, Math.max(newestAttempt, Integer.parseInt(attempt.group(1))), isCancelled);
        }
        return new OperationListing(id, newestAttempt, isCancelled || name.equals(OperationStore.CANCEL));
    }
}
