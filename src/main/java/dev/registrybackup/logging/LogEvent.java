package dev.registrybackup.logging;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One log line, {@code event=<name> key=value …}. A number, a truth value, {@code null} and a plain word stay as they are;
 * any other text is quoted and escaped as in JSON, so that foreign text cannot look like another field or line.
 * For one thread.
 */
public final class LogEvent {
    /** In characters; an object's key has at most 1,024 bytes. */
    static final int MAX_VALUE_LENGTH = 1_200;

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.:/@+,%-]+");
    /** Text that JSON would read as another type: it is quoted, so that a field never changes its type. */
    private static final Pattern JSON_LITERAL = Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?|true|false|null");

    private final StringBuilder line;

    private LogEvent(String event) {
        this.line = new StringBuilder("event=").append(event);
    }

    /** Starts a line about an event with that name: lower-case words and dashes. */
    public static LogEvent of(String event) {
        return new LogEvent(event);
    }

    /** Adds a value: a plain word as it is, anything else quoted and escaped; cut after 1,200 characters. */
    public LogEvent with(String key, @Nullable Object value) {
        String text = String.valueOf(value);
        boolean isText = !(value == null || value instanceof Number || value instanceof Boolean);
        boolean isPlain = text.length() <= MAX_VALUE_LENGTH
                && PLAIN.matcher(text).matches()
                && !(isText && JSON_LITERAL.matcher(text).matches());
        line.append(' ').append(key).append('=');
        if (isPlain) {
            line.append(text);
        } else if (text.length() <= MAX_VALUE_LENGTH) {
            line.append(quoted(text));
        } else {
            line.append(quoted(text.substring(0, MAX_VALUE_LENGTH) + "..."));
        }
        return this;
    }

    /**
     * The fields of a line that an event wrote, as the members of a JSON object: {@code "event":"call","millis":5}. Empty for
     * any other line.
     */
    public static Optional<String> jsonMembers(String line) {
        if (!line.startsWith("event=")) {
            return Optional.empty();
        }
        StringBuilder members = new StringBuilder(line.length() + 32);
        for (int at = 0; at < line.length(); ) {
            int equals = line.indexOf('=', at);
            if (equals < 0) {
                return Optional.empty();
            }
            boolean isQuoted = line.startsWith("\"", equals + 1);
            int end = isQuoted ? endOfQuotes(line, equals + 1) : line.indexOf(' ', equals);
            if (isQuoted && end < 0) {
                return Optional.empty();
            }
            String value = end < 0 ? line.substring(equals + 1) : line.substring(equals + 1, end);
            boolean isJson = isQuoted || JSON_LITERAL.matcher(value).matches();
            members.append(at == 0 ? "" : ",")
                    .append(quoted(line.substring(at, equals)))
                    .append(':')
                    .append(isJson ? value : quoted(value));
            at = end < 0 ? line.length() : end + 1;
        }
        return Optional.of(members.toString());
    }

    /** The index after the closing quote; negative if there is none, or no blank follows it. */
    private static int endOfQuotes(String line, int open) {
        int at = open + 1;
        while (at < line.length() && line.charAt(at) != '"') {
            at += line.charAt(at) == '\\' ? 2 : 1;
        }
        int end = at + 1;
        return end == line.length() || line.startsWith(" ", end) ? end : -1;
    }

    /** The text as a JSON string: in quotes, and in ASCII. */
    public static String quoted(String text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        text.chars().forEach(character -> {
            switch (character) {
                case '"', '\\' -> quoted.append('\\').append((char) character);
                case '\n' -> quoted.append("\\n");
                default -> {
                    if (character < ' ' || character > '~') {
                        quoted.append("\\u%04x".formatted(character));
                    } else {
                        quoted.append((char) character);
                    }
                }
            }
        });
        return quoted.append('"').toString();
    }

    /** Writes the line to the log. */
    public void log(Logger logger, Level level) {
        logger.log(level, line.toString());
    }

    /** Writes the line to the log, with the failure's stack trace. */
    public void log(Logger logger, Level level, Throwable failure) {
        logger.log(level, line.toString(), failure);
    }

    /** The line. */
    @Override
    public String toString() {
        return line.toString();
    }
}
