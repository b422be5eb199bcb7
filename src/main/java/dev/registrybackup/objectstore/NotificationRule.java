package dev.registrybackup.objectstore;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A notification rule of a bucket.
 *
 * @param destination the topic, queue, function or bus
 * @param events their names as the store has them, with or without {@code s3:}
 * @param filters the filters, all of which a key must pass
 */
public record NotificationRule(String destination, List<String> events, List<KeyFilter> filters) {
    /** Copies the lists. */
    public NotificationRule {
        events = List.copyOf(events);
        filters = List.copyOf(filters);
    }

    /**
     * One condition on keys.
     *
     * @param name {@code prefix}, {@code suffix}, or Ceph's {@code regex}, in any case
     * @param value what the key starts or ends with, or the expression that matches the complete key
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

    /** Whether it sends events with this name, such as {@code ObjectCreated:Put}. */
    public boolean matchesEvent(String event) {
        return events.stream().map(name -> name.replaceFirst("^s3:", "")).anyMatch(name -> eventMatches(name, event));
    }

    private static boolean eventMatches(String name, String event) {
        return name.endsWith("*") ? event.startsWith(name.substring(0, name.length() - 1)) : name.equals(event);
    }

    /** Whether it sends events about this key. An unknown filter or invalid pattern counts as not matching. */
    public boolean matchesKey(String key) {
        return filters.stream().allMatch(filter -> filter.matches(key));
    }
}
