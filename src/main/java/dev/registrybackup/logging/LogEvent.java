package dev.registrybackup.logging;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One log line, {@code event=<name> key=value …}. A value that is more than a plain word is quoted, and whatever could end
 * the quotes or the line is escaped as in JSON, so that no name or text of a stranger looks like another field or line. For
 * one thread.
 */
public final class LogEvent {
    /** In characters; an object's key has at most 1,024 bytes. */
    static final int MAX_VALUE_LENGTH = 1_200;

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_.:/@+,%-]+");

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
        line.append(' ').append(key).append('=');
        if (text.length() <= MAX_VALUE_LENGTH && PLAIN.matcher(text).matches()) {
            line.append(text);
            return this;
        }
        line.append('"');
        text.chars().limit(MAX_VALUE_LENGTH).forEach(this::append);
        line.append(text.length() > MAX_VALUE_LENGTH ? "..." : "").append('"');
        return this;
    }

    private void append(int character) {
        switch (character) {
            case '"', '\\' -> line.append('\\').append((char) character);
            case '\n' -> line.append("\\n");
            default -> {
                if (character < ' ' || character > '~') {
                    line.append("\\u%04x".formatted(character));
                } else {
                    line.append((char) character);
                }
            }
        }
    }

    /** The line. */
    @Override
    public String toString() {
        return line.toString();
    }
}
