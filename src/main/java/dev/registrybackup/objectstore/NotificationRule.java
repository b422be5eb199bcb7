package dev.registrybackup.objectstore;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * What a bucket's store tells whom.
 *
 * @param destination the topic, queue, function or bus
 * @param events their names as the store has them, with or without {@code s3:}
 * @param filters all of which a key has to pass
 */
public record NotificationRule(String destination, List<String> events, List<KeyFilter> filters) {
    /** Keeps its own copies of the lists. */
    public NotificationRule {
        events = List.copyOf(events);
        filters = List.copyOf(filters);
    }

    /**
     * One condition on keys.
     *
     * @param name {@code prefix}, {@code suffix}, or Ceph's {@code regex}, in any case
     * @param value what the key begins or ends with, or is matched by as a whole
     */
    public record KeyFilter(String name, String value) {
        boolean matches(String key) {
            return switch (name.toLowerCase(java.util.Locale.ROOT)) {
                case "prefix" -> key.startsWith(value);
                case "suffix" -> key.endsWith(value);
                case "regex" -> matchesRegex(key);
                default -> false;
            };
        }

        private boolean matchesRegex(String key) {
            try {
                return Pattern.matches(value, key);
            } catch (PatternSyntaxException e) {
                return false;
            }
        }
    }

    /** Whether it tells of an event of that name, {@code ObjectCreated:Put}, say. */
    public boolean matchesEvent(String event) {
        return events.stream().map(name -> name.replaceFirst("^s3:", "")).anyMatch(name -> eventMatches(name, event));
    }

    private static boolean eventMatches(String name, String event) {
        return name.endsWith("*") ? event.startsWith(name.substring(0, name.length() - 1)) : name.equals(event);
    }

    /** Whether it tells of that key. A filter that is not known here, or no pattern, is taken for one that keeps it back. */
    public boolean matchesKey(String key) {
        return filters.stream().allMatch(filter -> filter.matches(key));
    }
}
